//! The same tests with std's locks and ours, and with tokio's and ours.

/// The test, with the locks of this module.
macro_rules! blocking {
    ($name:ident, $($path:ident)::+) => {
        mod $name {
            use std::thread;
            use std::time::Duration;

            use $($path)::+::{Condvar, LockResult, Mutex, MutexGuard, PoisonError, RwLock, RwLockWriteGuard, TryLockError};

            static COUNT: Mutex<u32> = Mutex::new(0);
            static CHANGED: Condvar = Condvar::new();

            #[derive(Debug, Default)]
            struct Shop {
                orders: Mutex<Vec<u32>>,
                prices: RwLock<[u32; 2]>,
            }

            fn add(count: LockResult<MutexGuard<'_, u32>>) {
                *count.unwrap_or_else(PoisonError::into_inner) += 1;
            }

            #[test]
            fn mutex_and_condvar() {
                thread::scope(|scope| {
                    for _ in 0..4 {
                        scope.spawn(|| {
                            add(COUNT.lock());
                            CHANGED.notify_all();
                        });
                    }
                    let count = CHANGED.wait_while(COUNT.lock().unwrap(), |count| *count < 4).unwrap();
                    assert_eq!(*count, 4);
                });
                let (count, ended) = CHANGED.wait_timeout(COUNT.lock().unwrap(), Duration::from_millis(1)).unwrap();
                assert_eq!((*count, ended.timed_out()), (4, true));
                let short = Duration::from_millis(1);
                let (count, ended) = CHANGED.wait_timeout_while(count, short, |count| *count < 5).unwrap();
                assert_eq!((*count, ended.timed_out()), (4, true));
                assert!(matches!(COUNT.try_lock(), Err(TryLockError::WouldBlock)));
                assert_eq!(format!("{count} {count:?}"), "4 4");
            }

            #[test]
            fn values_in_and_out() {
                let mut shop = Shop::default();
                shop.orders.get_mut().unwrap().push(1);
                shop.orders.lock().unwrap().push(2);
                shop.prices.write().unwrap()[0] = 3;
                let both = (shop.prices.read().unwrap(), shop.prices.read().unwrap());
                assert_eq!((both.0[0], both.1[0]), (3, 3));
                assert!(shop.prices.try_write().is_err());
                drop(both);
                let reader = RwLockWriteGuard::downgrade(shop.prices.write().unwrap());
                assert_eq!((reader[0], shop.prices.try_read().unwrap()[1]), (3, 0));
                drop(reader);
                assert_eq!(
                    format!("{shop:?}"),
                    "Shop { orders: Mutex { data: [1, 2], poisoned: false, .. }, \
                     prices: RwLock { data: [3, 0], poisoned: false, .. } }"
                );
                assert_eq!(shop.orders.into_inner().unwrap(), [1, 2]);
                assert_eq!(shop.prices.into_inner().unwrap(), [3, 0]);
                let unsized_value: Box<Mutex<[u8]>> = Box::new(Mutex::from([1, 2, 3]));
                assert_eq!(unsized_value.lock().unwrap().len(), 3);
            }

            #[test]
            fn poison() {
                let (lock, shared) = (Mutex::new(1), RwLock::new(1));
                thread::scope(|scope| {
                    let reader = scope.spawn(|| {
                        let _shared = shared.read();
                        panic!("a reader spoils nothing");
                    });
                    assert!(reader.join().is_err() && !shared.is_poisoned());
                    let writer = scope.spawn(|| {
                        let _held = (lock.lock(), shared.write());
                        panic!("a writer does");
                    });
                    assert!(writer.join().is_err());
                });
                assert!(lock.is_poisoned() && shared.is_poisoned());
                assert!(matches!(lock.try_lock(), Err(TryLockError::Poisoned(_))));
                assert_eq!(*lock.lock().unwrap_err().into_inner(), 1);
                assert_eq!(*shared.read().unwrap_err().into_inner(), 1);
                lock.clear_poison();
                shared.clear_poison();
                assert!(lock.lock().is_ok() && shared.write().is_ok());
            }

            #[test]
            fn auto_traits() {
                fn is<T: Send + Sync + std::panic::UnwindSafe + std::panic::RefUnwindSafe>() {}
                fn is_sync<T: Sync>() {}
                is::<Mutex<u8>>();
                is::<RwLock<u8>>();
                is_sync::<MutexGuard<'_, u8>>();
            }
        }
    };
}

blocking!(std_locks, std::sync);
blocking!(our_locks, backdoor_runtime::sync);

/// The test, with the locks of this module.
macro_rules! asynchronous {
    ($name:ident, $($path:ident)::+) => {
        mod $name {
            use std::sync::Arc;

            use $($path)::+::{
                AcquireError, MappedMutexGuard, Mutex, MutexGuard, OwnedMappedMutexGuard, OwnedMutexGuard,
                OwnedRwLockMappedWriteGuard, OwnedRwLockReadGuard, OwnedRwLockWriteGuard, OwnedSemaphorePermit,
                RwLock, RwLockMappedWriteGuard, RwLockReadGuard, RwLockWriteGuard, Semaphore, TryAcquireError,
                TryLockError,
            };

            static COUNT: Mutex<u32> = Mutex::const_new(0);
            static PERMITS: Semaphore = Semaphore::const_new(2);
            static FEW: RwLock<u32> = RwLock::const_with_max_readers(0, 1);

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn mutex() {
                let tasks = (0..4).map(|_| tokio::spawn(async { *COUNT.lock().await += 1 }));
                for task in tasks.collect::<Vec<_>>() {
                    task.await.unwrap();
                }
                let guard: MutexGuard<'_, u32> = COUNT.lock().await;
                assert_eq!(*guard, 4);
                let refused: TryLockError = COUNT.try_lock().unwrap_err();
                assert_eq!(refused.to_string(), "operation would block");
                assert_eq!(*MutexGuard::mutex(&guard).try_lock().unwrap_err().to_string(), *refused.to_string());
                drop(guard);
                let lock = Arc::new(Mutex::new(String::from("a")));
                let mut owned: OwnedMutexGuard<String> = lock.clone().lock_owned().await;
                owned.push('b');
                assert!(Arc::ptr_eq(OwnedMutexGuard::mutex(&owned), &lock));
                assert!(lock.clone().try_lock_owned().is_err());
                // The guard keeps the mutex alive.
                drop(lock);
                assert_eq!(tokio::spawn(async move { owned.len() }).await.unwrap(), 2);
                let blocking = std::thread::spawn(|| *COUNT.blocking_lock());
                assert_eq!(tokio::task::spawn_blocking(move || blocking.join()).await.unwrap().unwrap(), 4);
                let unsized_value: Arc<Mutex<[u8]>> = Arc::new(Mutex::new([1, 2, 3]));
                assert_eq!(unsized_value.lock_owned().await.len(), 3);
                assert_eq!(format!("{:?}", Mutex::new(1)), "Mutex { data: 1 }");
            }

            #[tokio::test]
            async fn rwlock() {
                let mut lock = RwLock::new(vec![1]);
                lock.get_mut().push(2);
                let lock = Arc::new(lock);
                let reader: OwnedRwLockReadGuard<Vec<i32>> = lock.clone().read_owned().await;
                let other: RwLockReadGuard<'_, Vec<i32>> = lock.read().await;
                assert_eq!((reader.len(), other.len()), (2, 2));
                assert!(lock.try_write().is_err() && lock.clone().try_write_owned().is_err());
                drop((reader, other));
                let mut writer: OwnedRwLockWriteGuard<Vec<i32>> = lock.clone().write_owned().await;
                writer.push(3);
                assert!(lock.try_read().is_err() && lock.clone().try_read_owned().is_err());
                drop(writer);
                let reader = lock.write().await.downgrade();
                assert_eq!((reader.len(), lock.try_read().unwrap().len()), (3, 3));
                drop(reader);
                assert_eq!(Arc::into_inner(lock).unwrap().into_inner(), [1, 2, 3]);
            }

            #[tokio::test]
            async fn semaphore() -> Result<(), AcquireError> {
                let one = PERMITS.acquire().await?;
                let two = PERMITS.try_acquire().unwrap();
                assert_eq!(PERMITS.try_acquire().unwrap_err(), TryAcquireError::NoPermits);
                assert_eq!((one.num_permits(), PERMITS.available_permits()), (1, 0));
                drop((one, two));
                assert_eq!(PERMITS.acquire_many(2).await?.num_permits(), 2);
                let shared = Arc::new(Semaphore::new(1));
                let owned: OwnedSemaphorePermit = shared.clone().acquire_owned().await?;
                assert!(shared.clone().try_acquire_owned().is_err());
                drop(owned);
                shared.acquire().await?.forget();
                shared.add_permits(2);
                assert_eq!((shared.available_permits(), shared.forget_permits(1)), (2, 1));
                shared.close();
                assert!(shared.is_closed() && shared.acquire().await.is_err());
                assert_eq!(shared.try_acquire().unwrap_err(), TryAcquireError::Closed);
                Ok(())
            }

            #[tokio::test]
            async fn parts_of_a_mutex() {
                let lock = Arc::new(Mutex::new((1, Some(2))));
                let one: MappedMutexGuard<'_, i32> = MutexGuard::map(lock.lock().await, |both| &mut both.0);
                assert_eq!((*one, lock.try_lock().is_err()), (1, true));
                drop(one);
                let mut other = MutexGuard::try_map(lock.lock().await, |both| both.1.as_mut()).unwrap();
                *other += 1;
                let mut other = MappedMutexGuard::map(other, |other| other);
                *other += 1;
                let mut other = MappedMutexGuard::try_map(other, |_| None::<&mut i32>).unwrap_err();
                *other += 1;
                drop(other);
                assert!(lock.try_lock().is_ok());
                let whole = MutexGuard::try_map(lock.lock().await, |_| None::<&mut i32>).unwrap_err();
                assert_eq!(*whole, (1, Some(5)));
                drop(whole);
                let owned: OwnedMappedMutexGuard<(i32, Option<i32>), i32> =
                    OwnedMutexGuard::map(lock.clone().lock_owned().await, |both| &mut both.0);
                assert!(lock.try_lock().is_err());
                let mut owned = OwnedMappedMutexGuard::try_map(owned, |one| Some(one)).unwrap();
                // The guard keeps the mutex alive.
                drop(lock);
                *owned += 1;
                let owned = OwnedMappedMutexGuard::map(owned, |one| one);
                let owned = OwnedMappedMutexGuard::try_map(owned, |_| None::<&mut u8>).unwrap_err();
                assert_eq!(format!("{owned} {owned:?}"), "2 2");
                let lock = Arc::new(Mutex::new(7));
                let kept = OwnedMutexGuard::try_map(lock.lock_owned().await, |_| None::<&mut u8>).unwrap_err();
                assert_eq!(*kept, 7);
            }

            #[tokio::test]
            async fn parts_of_an_rwlock() {
                let lock = Arc::new(RwLock::new((1, vec![2, 3])));
                let read: RwLockReadGuard<'_, i32> = RwLockReadGuard::map(lock.read().await, |both| &both.0);
                assert_eq!((*read, lock.try_read().is_ok(), lock.try_write().is_err()), (1, true, true));
                assert!(RwLockReadGuard::try_map(read, |_| None::<&u8>).is_err());
                let mut part: RwLockMappedWriteGuard<'_, Vec<i32>> =
                    RwLockWriteGuard::map(lock.write().await, |both| &mut both.1);
                part.push(4);
                assert!(lock.try_read().is_err());
                let last = RwLockMappedWriteGuard::try_map(part, |list| list.last_mut()).unwrap();
                assert_eq!(*RwLockMappedWriteGuard::map(last, |last| last), 4);
                let whole = RwLockWriteGuard::try_map(lock.write().await, |_| None::<&mut u8>).unwrap_err();
                let one = RwLockWriteGuard::downgrade_map(whole, |both| &both.0);
                assert_eq!((*one, lock.try_read().is_ok(), lock.try_write().is_err()), (1, true, true));
                drop(one);
                let whole = RwLockWriteGuard::try_downgrade_map(lock.write().await, |_| None::<&u8>).unwrap_err();
                assert!(RwLockWriteGuard::try_downgrade_map(whole, |both| both.1.first()).is_ok());
                let mapped: RwLockMappedWriteGuard<'_, _> = RwLockWriteGuard::into_mapped(lock.write().await);
                assert_eq!(mapped.1.len(), 3);
            }

            #[tokio::test]
            async fn owned_parts_of_an_rwlock() {
                let lock = Arc::new(RwLock::new((1, vec![2, 3])));
                let read = OwnedRwLockReadGuard::map(lock.clone().read_owned().await, |both| &both.1);
                let first: OwnedRwLockReadGuard<_, i32> =
                    OwnedRwLockReadGuard::try_map(read, |list| list.first()).unwrap();
                assert!(*first == 2 && Arc::ptr_eq(OwnedRwLockReadGuard::rwlock(&first), &lock));
                drop(first);
                let write = lock.clone().write_owned().await;
                assert!(Arc::ptr_eq(OwnedRwLockWriteGuard::rwlock(&write), &lock));
                let part: OwnedRwLockMappedWriteGuard<_, Vec<i32>> =
                    OwnedRwLockWriteGuard::map(write, |both| &mut both.1);
                let mut last = OwnedRwLockMappedWriteGuard::try_map(part, |list| list.last_mut()).unwrap();
                *last += 1;
                assert!(Arc::ptr_eq(OwnedRwLockMappedWriteGuard::rwlock(&last), &lock));
                drop(OwnedRwLockMappedWriteGuard::map(last, |last| last));
                let write = lock.clone().write_owned().await;
                let write = OwnedRwLockWriteGuard::try_map(write, |_| None::<&mut u8>).unwrap_err();
                assert_eq!(write.downgrade().1, [2, 4]);
                let write = lock.clone().write_owned().await;
                assert_eq!(*OwnedRwLockWriteGuard::downgrade_map(write, |both| &both.0), 1);
                let write = lock.clone().write_owned().await;
                let write = OwnedRwLockWriteGuard::try_downgrade_map(write, |_| None::<&u8>).unwrap_err();
                assert_eq!(OwnedRwLockWriteGuard::into_mapped(write).0, 1);
                assert!(lock.try_write().is_ok());
                let few = FEW.read().await;
                assert!(FEW.try_read().is_err());
                drop(few);
            }

            #[tokio::test]
            async fn permits_are_merged_and_split() -> Result<(), AcquireError> {
                let shared = Arc::new(Semaphore::new(5));
                let mut three = shared.acquire_many(3).await?;
                let mut two = three.split(2).unwrap();
                assert!(two.split(3).is_none());
                assert_eq!((three.num_permits(), two.num_permits()), (1, 2));
                drop(three);
                assert_eq!(shared.available_permits(), 3);
                two.merge(shared.try_acquire().unwrap());
                assert_eq!((two.num_permits(), shared.available_permits()), (3, 2));
                drop(two);
                let mut owned = shared.clone().acquire_many_owned(3).await?;
                let apart = owned.split(1).unwrap();
                assert!(owned.split(3).is_none());
                assert_eq!((owned.num_permits(), apart.num_permits()), (2, 1));
                owned.merge(apart);
                assert_eq!((owned.num_permits(), shared.available_permits()), (3, 2));
                drop(owned);
                let blocking = shared.clone();
                let blocking = tokio::task::spawn_blocking(move || {
                    let one = blocking.clone().blocking_acquire_owned()?;
                    let four = blocking.blocking_acquire_many_owned(4)?;
                    Ok((one.num_permits(), four.num_permits()))
                });
                assert_eq!(blocking.await.unwrap()?, (1, 4));
                assert_eq!(shared.available_permits(), 5);
                Ok(())
            }

            #[test]
            #[should_panic]
            fn permits_of_two_semaphores_are_not_merged() {
                let (one, other) = (Semaphore::new(1), Semaphore::new(1));
                let mut permit = one.try_acquire().unwrap();
                permit.merge(other.try_acquire().unwrap());
            }

            #[tokio::test]
            async fn a_task_that_finds_each_lock_free_yields() {
                let (lock, permits) = (Mutex::new(0), Semaphore::new(1));
                let other = tokio::spawn(async {});
                while !other.is_finished() {
                    *lock.lock().await += 1;
                    drop(permits.acquire().await.unwrap());
                    assert!(lock.try_lock().is_ok_and(|turns| *turns < 10_000), "nobody else runs");
                }
            }

            #[tokio::test]
            async fn lock_waiters_are_not_overtaken() {
                let permits = Arc::new(Semaphore::new(2));
                let one = permits.acquire().await.unwrap();
                let waits = tokio::spawn(permits.clone().acquire_many_owned(2));
                tokio::task::yield_now().await;
                drop(one);
                assert_eq!(permits.try_acquire().unwrap_err(), TryAcquireError::NoPermits);
                assert_eq!(waits.await.unwrap().unwrap().num_permits(), 2);
            }

            #[test]
            fn auto_traits() {
                fn is<T: Send + Sync>() {}
                is::<Mutex<u8>>();
                is::<RwLock<u8>>();
                is::<OwnedMutexGuard<u8>>();
                is::<MutexGuard<'_, u8>>();
                is::<MappedMutexGuard<'_, u8>>();
                is::<OwnedMappedMutexGuard<u8, u8>>();
                is::<OwnedSemaphorePermit>();
            }
        }
    };
}

asynchronous!(tokio_locks, tokio::sync);
asynchronous!(our_asynchronous_locks, backdoor_runtime::sync::asynch);
