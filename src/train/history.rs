//! What a run recorded, in order.

use crate::lower::Length;

/// The values recorded at one point of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// The epoch, from 1.
    pub epoch: u64,
    /// The updates done by then.
    pub step: u64,
    /// The values by name.
    pub values: Vec<(String, f64)>,
}

/// Every record of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct History {
    records: Vec<Record>,
    length: Length,
    steps_per_epoch: u64,
}

impl Record {
    /// A value by name.
    pub fn value(&self, name: &str) -> Option<f64> {
        let found = self.values.iter().find(|(own, _)| own == name);
        found.map(|(_, value)| *value)
    }
}

impl History {
    /// The history of a run that has not begun.
    pub fn new(length: Length, steps_per_epoch: u64) -> History {
        History {
            records: vec![],
            length,
            steps_per_epoch: steps_per_epoch.max(1),
        }
    }

    /// Adds a record.
    pub fn push(&mut self, record: Record) {
        self.records.push(record);
    }

    /// The records in order.
    pub fn records(&self) -> &[Record] {
        &self.records
    }

    /// The unit its curves are drawn over, as messages write it.
    pub fn unit(&self) -> &'static str {
        match self.length {
            Length::Epochs(_) => "epoch",
            Length::Steps(_) => "step",
        }
    }

    /// The names of all values, in the order they first appeared.
    pub fn names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = vec![];
        for (name, _) in self.records.iter().flat_map(|record| &record.values) {
            if !names.contains(&name.as_str()) {
                names.push(name);
            }
        }
        names
    }

    /// A value over the run's own time: epochs, of which a record within one shows a part, or steps.
    pub fn curve(&self, name: &str) -> Vec<(f64, f64)> {
        let point = |record: &Record| Some((self.time(record), record.value(name)?));
        self.records.iter().filter_map(point).collect()
    }

    /// When each record was made: in the run's own time, and after which update.
    pub fn times(&self) -> Vec<(f64, u64)> {
        let records = self.records.iter();
        records
            .map(|record| (self.time(record), record.step))
            .collect()
    }

    /// The last value recorded under a name.
    pub fn last(&self, name: &str) -> Option<f64> {
        let mut records = self.records.iter().rev();
        records.find_map(|record| record.value(name))
    }

    /// The last value of each name.
    pub fn last_values(&self) -> Vec<(String, f64)> {
        let last = |name: &str| Some((name.to_owned(), self.last(name)?));
        self.names().into_iter().filter_map(last).collect()
    }

    /// The smallest value recorded under a name, and when; the first of equal ones. What is not a number does not count.
    pub fn least(&self, name: &str) -> Option<(&Record, f64)> {
        let values = self.records.iter();
        let values = values.filter_map(|record| Some((record, record.value(name)?)));
        let smaller = |best: (&'_ Record, f64), next: (&'_ Record, f64)| next.1 < best.1;
        values
            .filter(|(_, value)| !value.is_nan())
            .fold(None, |best, next| match best {
                Some(best) if !smaller(best, next) => Some(best),
                Some(_) | None => Some(next),
            })
    }

    fn time(&self, record: &Record) -> f64 {
        match self.length {
            Length::Epochs(_) => record.step as f64 / self.steps_per_epoch as f64,
            Length::Steps(_) => record.step as f64,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_within_an_epoch_lies_between_its_ends() {
        let mut history = History::new(Length::Epochs(2), 4);
        for (epoch, step, loss) in [(1, 2, 3.0), (1, 4, f64::NAN), (2, 8, 1.0)] {
            let values = vec![("val.loss".to_owned(), loss)];
            history.push(Record {
                epoch,
                step,
                values,
            });
        }
        let times: Vec<f64> = history
            .curve("val.loss")
            .iter()
            .map(|point| point.0)
            .collect();
        assert_eq!(times, [0.5, 1.0, 2.0]);
        assert_eq!(
            history.least("val.loss").map(|(record, _)| record.step),
            Some(8)
        );
        assert_eq!(history.last("train.loss"), None);
    }
}
