//! Several hubs and the global state against a model of what each should have.

use proptest::prelude::*;

use super::*;

#[derive(Clone, Debug)]
enum Operation {
    Reserve {
        pool: usize,
        class: usize,
    },
    ReserveGlobal {
        class: usize,
    },
    Take {
        pool: usize,
        class: usize,
    },
    Give {
        pool: usize,
        stack: usize,
    },
    Unreserve {
        pool: usize,
        class: usize,
    },
    UnreserveGlobal {
        class: usize,
    },
    DropPool {
        pool: usize,
    },
    /// Many at once, so that batches and bounds are passed.
    Burst {
        pool: usize,
        class: usize,
        count: usize,
    },
}

const POOLS: usize = 3;
const CLASSES: [usize; 4] = [32, 256, 1024, 8192];

fn operation() -> impl Strategy<Value = Operation> {
    let (pool, class) = (0..POOLS, 0..CLASSES.len());
    let both = (pool.clone(), class.clone());
    prop_oneof![
        6 => both.clone().prop_map(|(pool, class)| Operation::Reserve { pool, class }),
        2 => class.clone().prop_map(|class| Operation::ReserveGlobal { class }),
        8 => both.clone().prop_map(|(pool, class)| Operation::Take { pool, class }),
        8 => (pool.clone(), any::<usize>())
            .prop_map(|(pool, stack)| Operation::Give { pool, stack }),
        6 => both.clone().prop_map(|(pool, class)| Operation::Unreserve { pool, class }),
        2 => class.clone().prop_map(|class| Operation::UnreserveGlobal { class }),
        1 => pool.clone().prop_map(|pool| Operation::DropPool { pool }),
        2 => (both, 0..200_usize)
            .prop_map(|((pool, class), count)| Operation::Burst { pool, class, count }),
    ]
}

/// What the hubs and the threads without one should have.
struct Model {
    global: &'static Global,
    pools: Vec<HubPool>,
    /// Reservations of greenlets, by class.
    reserved: [usize; CLASSES.len()],
    /// Stacks in use, with their position in `CLASSES` and the mark that fills them.
    live: Vec<(Stack, usize, usize)>,
    mark: usize,
}

impl Model {
    fn live_of(&self, class: usize) -> usize {
        self.live.iter().filter(|(_, of, _)| *of == class).count()
    }

    fn take(&mut self, pool: usize, class: usize) {
        let mut stack = self.pools[pool].take(kib(CLASSES[class]));
        self.mark += 1;
        mark(&mut stack, self.mark);
        self.live.push((stack, class, self.mark));
    }

    fn give(&mut self, pool: usize, stack: usize) {
        let (mut stack, _, mark) = self.live.swap_remove(stack);
        assert!(is_marked(&mut stack, mark), "two stacks overlap");
        assert!(stack.top().addr().is_multiple_of(16));
        self.pools[pool].give(stack);
    }

    fn apply(&mut self, operation: Operation) {
        match operation {
            Operation::Reserve { pool, class } => {
                self.pools[pool].reserve(kib(CLASSES[class])).unwrap();
                self.reserved[class] += 1;
            }
            Operation::ReserveGlobal { class } => {
                self.global.reserve(kib(CLASSES[class]), 1).unwrap();
                self.reserved[class] += 1;
            }
            Operation::Take { pool, class } if self.live_of(class) < self.reserved[class] => {
                self.take(pool, class);
            }
            Operation::Give { pool, stack } if !self.live.is_empty() => {
                self.give(pool, stack % self.live.len());
            }
            Operation::Unreserve { pool, class } if self.live_of(class) < self.reserved[class] => {
                self.pools[pool].unreserve(kib(CLASSES[class]));
                self.reserved[class] -= 1;
            }
            Operation::UnreserveGlobal { class } if self.live_of(class) < self.reserved[class] => {
                self.global.unreserve(kib(CLASSES[class]), 1);
                self.reserved[class] -= 1;
            }
            Operation::DropPool { pool } => self.pools[pool] = HubPool::of(self.global),
            Operation::Burst { pool, class, count } => {
                let before = self.live.len();
                for _ in 0..count {
                    self.pools[pool].reserve(kib(CLASSES[class])).unwrap();
                    self.reserved[class] += 1;
                    self.take(pool, class);
                }
                // Ends all but a few of them, on another hub.
                let other = (pool + 1) % POOLS;
                while self.live.len() > before + count / 8 {
                    self.give(other, before);
                    self.pools[other].unreserve(kib(CLASSES[class]));
                    self.reserved[class] -= 1;
                }
            }
            _ => {}
        }
    }

    fn check(&self) {
        for (index, size) in CLASSES.into_iter().enumerate() {
            let class = kib(size);
            let (available, committed, cold) = self.global.account(class);
            let (mut all_warm, mut promised) = (0, self.reserved[index]);
            for pool in &self.pools {
                let (warm, bound, cached) = pool.account(class);
                assert!(warm <= bound && bound <= GROWTH * class.pool_bound());
                assert!(cached <= 2 * class.pool_bound());
                all_warm += warm;
                promised += bound + cached;
            }
            assert_eq!(committed, promised);
            assert!(committed <= available);
            assert_eq!(available, cold + all_warm + self.live_of(index));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn pools_keep_their_account(
        operations in prop::collection::vec(operation(), 1..120),
        markers in any::<bool>(),
    ) {
        let global = if markers { isolated() } else { isolated_without_markers() };
        let mut model = Model {
            global,
            pools: (0..POOLS).map(|_| HubPool::of(global)).collect(),
            reserved: [0; CLASSES.len()],
            live: Vec::new(),
            mark: 0,
        };
        for operation in operations {
            model.apply(operation);
            model.check();
        }
        while !model.live.is_empty() {
            model.give(0, 0);
        }
        model.pools.clear();
        for (reserved, size) in model.reserved.into_iter().zip(CLASSES) {
            let (available, committed, cold) = global.account(kib(size));
            prop_assert_eq!((committed, cold), (reserved, available));
        }
    }
}
