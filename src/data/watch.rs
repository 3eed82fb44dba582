//! A reader that watches CSV text go by: on which line each record begins, and which quote is still open. The `csv` crate knows
//! neither exactly, and both are what a user needs to find a fault. Follows that crate's own quoting rules, byte for byte.

use std::io::{self, Read};

/// A record longer than this is no row of a table: it is an unclosed quote or no text at all.
const LONGEST_RECORD: usize = 64 << 20;

/// Where the text stands within a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Before its first byte.
    RecordStart,
    /// Before a cell's first byte.
    CellStart,
    /// In a cell without quotes, or behind a closed quote.
    Plain,
    /// Between quotes.
    Quoted,
    /// Behind a quote that closes a cell unless another follows.
    QuoteInQuoted,
}

/// A reader that watches.
#[derive(Debug)]
pub(crate) struct Watch<R> {
    inner: R,
    delimiter: u8,
    state: State,
    line: u32,
    after_return: bool,
    record_bytes: usize,
    quote_line: u32,
    starts: Vec<u32>,
    ended: bool,
}

impl<R> Watch<R> {
    /// Watches what is read from `inner`.
    pub(crate) fn new(inner: R, delimiter: u8) -> Watch<R> {
        Watch {
            inner,
            delimiter,
            state: State::RecordStart,
            line: 1,
            after_return: false,
            record_bytes: 0,
            quote_line: 0,
            starts: vec![],
            ended: false,
        }
    }

    /// The line each record begins on, as far as was read; the header is the first.
    pub(crate) fn starts(&self) -> &[u32] {
        &self.starts
    }

    /// The line of a quote that is open where the text ends or reading was given up.
    pub(crate) fn open_quote(&self) -> Option<u32> {
        let open = self.state == State::Quoted && (self.ended || self.overlong());
        open.then_some(self.quote_line)
    }

    /// Whether reading stopped because a record was too long.
    pub(crate) fn overlong(&self) -> bool {
        self.record_bytes > LONGEST_RECORD
    }

    fn see(&mut self, byte: u8) {
        let newline = byte == b'\n' || byte == b'\r';
        if newline && !(byte == b'\n' && self.after_return) {
            self.line = self.line.saturating_add(1);
        }
        self.after_return = byte == b'\r';
        self.record_bytes += 1;
        self.state = match self.state {
            State::Quoted if byte == b'"' => State::QuoteInQuoted,
            State::Quoted => State::Quoted,
            State::QuoteInQuoted if byte == b'"' => State::Quoted,
            State::RecordStart | State::CellStart | State::Plain | State::QuoteInQuoted
                if newline =>
            {
                self.end_record()
            }
            State::RecordStart => self.start_record(byte),
            State::CellStart => self.start_cell(byte),
            State::Plain | State::QuoteInQuoted => self.go_on(byte),
        };
    }

    fn end_record(&mut self) -> State {
        self.record_bytes = 0;
        State::RecordStart
    }

    fn start_record(&mut self, byte: u8) -> State {
        self.starts.push(self.line);
        self.start_cell(byte)
    }

    fn start_cell(&mut self, byte: u8) -> State {
        if byte == b'"' {
            self.quote_line = self.line;
            return State::Quoted;
        }
        self.go_on(byte)
    }

    fn go_on(&self, byte: u8) -> State {
        if byte == self.delimiter {
            State::CellStart
        } else {
            State::Plain
        }
    }
}

impl<R: Read> Read for Watch<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.ended |= n == 0;
        buffer[..n].iter().for_each(|&byte| self.see(byte));
        if self.overlong() {
            return Err(io::Error::other("a line without end"));
        }
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn watch(text: &str) -> Watch<&[u8]> {
        let mut watch = Watch::new(text.as_bytes(), b',');
        io::copy(&mut watch, &mut io::sink()).expect("a slice is readable");
        watch
    }

    #[test]
    fn records_begin_where_the_csv_crate_finds_them() {
        let text = "a,b\r\n\r\n1,\"x\r\ny\"\r\n\n2,\"q\"\"\n\"\r3,z\"\n4,\"\"";
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let records = reader.records().count();
        let watch = watch(text);
        assert_eq!(watch.starts().len(), records + 1);
        assert_eq!(watch.starts(), [1, 3, 6, 8, 9]);
        assert_eq!(watch.open_quote(), None);
    }

    #[test]
    fn an_open_quote_is_known_by_its_line() {
        assert_eq!(watch("a,b\n1,2\n3,\"x\n5,6\n").open_quote(), Some(3));
        assert_eq!(watch("a,b\n1,2\"\n").open_quote(), None);
    }
}
