//! Numbers in order, of which any can come and go quickly, however many there are.

/// Numbers of a bucket, before it is parted in two.
const BUCKET_MAX: usize = 1024;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Numbers {
    // Each ascending, and none empty; the last of one is not above the first of the next.
    buckets: Vec<Vec<f64>>,
    len: usize,
}

impl Numbers {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// The `n`-th, from 0.
    pub fn get(&self, mut n: usize) -> Option<f64> {
        for bucket in &self.buckets {
            match bucket.get(n) {
                Some(number) => return Some(*number),
                None => n -= bucket.len(),
            }
        }
        None
    }

    /// The greatest.
    pub fn last(&self) -> Option<f64> {
        self.buckets.last()?.last().copied()
    }

    /// Adds one.
    pub fn insert(&mut self, number: f64) {
        self.len += 1;
        let Some(last) = self.buckets.len().checked_sub(1) else {
            return self.buckets.push(vec![number]);
        };
        let (at, _) = self.place(number);
        let at = at.min(last);
        let bucket = &mut self.buckets[at];
        bucket.insert(bucket.partition_point(|n| n.total_cmp(&number).is_lt()), number);
        if bucket.len() > BUCKET_MAX {
            let upper = bucket.split_off(BUCKET_MAX / 2);
            self.buckets.insert(at + 1, upper);
        }
    }

    /// Takes one out that is there.
    pub fn remove(&mut self, number: f64) {
        let (at, within) = self.place(number);
        let bucket = &mut self.buckets[at];
        bucket.remove(within);
        if bucket.is_empty() {
            self.buckets.remove(at);
        }
        self.len -= 1;
    }

    /// The bucket, and the place in it, of the first number that is not below.
    fn place(&self, number: f64) -> (usize, usize) {
        let below = |n: &f64| n.total_cmp(&number).is_lt();
        let at = self.buckets.partition_point(|bucket| bucket.last().is_some_and(below));
        (at, self.buckets.get(at).map_or(0, |bucket| bucket.partition_point(below)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_come_and_go_and_stay_in_order() {
        let mut numbers = Numbers::default();
        let nth = |i: u64| (i.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) as f64 / 7.0;
        for i in 0..5_000 {
            numbers.insert(nth(i % 3_000));
        }
        for i in 0..1_500 {
            numbers.remove(nth(i));
        }
        let mut expected: Vec<f64> = (0..5_000).map(|i| nth(i % 3_000)).collect();
        for i in 0..1_500 {
            let at = expected.iter().position(|n| *n == nth(i)).expect("it was added");
            expected.remove(at);
        }
        expected.sort_by(f64::total_cmp);
        assert_eq!(numbers.len(), expected.len());
        let all: Vec<f64> = (0..numbers.len()).filter_map(|n| numbers.get(n)).collect();
        assert_eq!(all, expected);
        assert_eq!(numbers.last(), expected.last().copied());
        expected.iter().for_each(|n| numbers.remove(*n));
        assert_eq!((numbers.len(), numbers.last(), numbers.get(0)), (0, None, None));
    }
}
