//! Structs whose fields are shown under their own names.

/// Declares a struct of public fields whose reply is a record of the same fields: `record! { pub struct Name { .. } }`. Or implements that
/// for an existing struct: `record!(Name: field, field)`.
macro_rules! record {
    ($(#[$about:meta])* $vis:vis struct $name:ident { $($(#[$of_field:meta])* pub $field:ident: $type:ty,)+ }) => {
        $(#[$about])*
        #[derive(Clone, Debug)]
        #[non_exhaustive]
        $vis struct $name {
            $($(#[$of_field])* pub $field: $type,)+
        }

        $crate::reply::record!($name: $($field),+);
    };
    ($name:ident: $($field:ident),+) => {
        impl serde_core::Serialize for $name {
            fn serialize<S: serde_core::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                use serde_core::ser::SerializeStruct;
                const FIELDS: usize = [$(stringify!($field)),+].len();
                let mut record = serializer.serialize_struct(stringify!($name), FIELDS)?;
                $(record.serialize_field(stringify!($field), &self.$field)?;)+
                record.end()
            }
        }
    };
}

pub(crate) use record;
