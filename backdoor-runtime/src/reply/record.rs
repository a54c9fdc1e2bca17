//! Structs of which every field is shown under its own name.

/// Declares a struct of public fields that is a record of the same fields as a reply.
macro_rules! record {
    ($(#[$about:meta])* pub struct $name:ident { $($(#[$of_field:meta])* pub $field:ident: $type:ty,)+ }) => {
        $(#[$about])*
        #[derive(Clone, Debug)]
        #[non_exhaustive]
        pub struct $name {
            $($(#[$of_field])* pub $field: $type,)+
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                use serde::ser::SerializeStruct;
                const FIELDS: usize = [$(stringify!($field)),+].len();
                let mut record = serializer.serialize_struct(stringify!($name), FIELDS)?;
                $(record.serialize_field(stringify!($field), &self.$field)?;)+
                record.end()
            }
        }
    };
}

pub(crate) use record;
