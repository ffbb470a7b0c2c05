//! Bodies through the spool: in the pool, and beyond it.
#![allow(missing_docs, clippy::unwrap_used)]

use bytes::Bytes;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use mailmove_core::Spool;

const BODY: usize = 256 * 1024;

fn spool(criterion: &mut Criterion) {
    let chunk = Bytes::from(vec![b'x'; 64 * 1024]);
    let mut group = criterion.benchmark_group("spool");
    group.throughput(Throughput::Bytes(BODY as u64));
    for (name, pool) in [("in the pool", 1 << 30), ("spilled to a file", 0)] {
        let spool = Spool::new(pool);
        group.bench_function(name, |bench| {
            bench.iter(|| {
                let mut writer = spool.writer();
                (0..BODY / chunk.len()).for_each(|_| writer.push(chunk.clone()).unwrap());
                let mut reader = writer.finish().unwrap().reader();
                let mut read = 0;
                while let Some(chunk) = reader.next_chunk().unwrap() {
                    read += chunk.len();
                }
                assert_eq!(read, BODY);
            });
        });
    }
    group.finish();
}

criterion_group!(benches, spool);
criterion_main!(benches);
