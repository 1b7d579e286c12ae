//! Parses server-sent events from a chunked response. It has to be cheap, because it runs on the machine of the server
//! under test.

use memchr::memmem;

/// The state of the parser.
#[derive(Debug, Default)]
pub(crate) struct Frames {
    part: Part,
    /// The beginning of an incomplete frame.
    text: Vec<u8>,
}

/// The part of the chunked encoding to which the next byte belongs.
#[derive(Clone, Copy, Debug, Default)]
enum Part {
    /// The head of the response, after `Head(n)` bytes of the blank line that ends it.
    #[default]
    Head0,
    Head(usize),
    /// The line with the length of the next chunk.
    Length(usize),
    /// A chunk, with the number of bytes that are left, and the line break after it.
    Chunk(usize),
}

/// One event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Frame<'a> {
    pub(crate) event: &'a str,
    /// The position in the log.
    pub(crate) seq: Option<u64>,
    pub(crate) data: &'a str,
}

impl Frames {
    /// Parses the next bytes, and passes each complete frame to `each`.
    pub(crate) fn take_in(&mut self, mut bytes: &[u8], mut each: impl FnMut(Frame<'_>)) {
        while let [first, rest @ ..] = bytes {
            match self.part {
                Part::Head0 | Part::Head(_) => {
                    let seen = if let Part::Head(seen) = self.part { seen } else { 0 };
                    self.part = match (seen, first) {
                        (0 | 2, b'\r') => Part::Head(seen + 1),
                        (1, b'\n') => Part::Head(2),
                        (3, b'\n') => Part::Length(0),
                        _ => Part::Head0,
                    };
                    bytes = rest;
                }
                Part::Length(length) => {
                    self.part = match char::from(*first).to_digit(16) {
                        Some(digit) => Part::Length(length * 16 + digit as usize),
                        None if *first == b'\n' => Part::Chunk(length + 2),
                        None => Part::Length(length),
                    };
                    bytes = rest;
                }
                Part::Chunk(left) => {
                    let (chunk, rest) = bytes.split_at(left.min(bytes.len()));
                    let content = chunk.len().min(left.saturating_sub(2));
                    self.text.extend_from_slice(&chunk[..content]);
                    self.part = match left - chunk.len() {
                        0 => Part::Length(0),
                        left => Part::Chunk(left),
                    };
                    bytes = rest;
                }
            }
        }
        while let Some(end) = memmem::find(&self.text, b"\n\n") {
            if let Ok(text) = str::from_utf8(&self.text[..end]) {
                each(frame(text));
            }
            self.text.drain(..end + 2);
        }
    }
}

fn frame(text: &str) -> Frame<'_> {
    let mut frame = Frame::default();
    for line in text.lines() {
        match line.split_once(": ") {
            Some(("event", event)) => frame.event = event,
            Some(("id", id)) => frame.seq = id.rsplit('-').next().and_then(|seq| seq.parse().ok()),
            Some(("data", data)) => frame.data = data,
            _ => {}
        }
    }
    frame
}

#[cfg(test)]
mod tests {
    use super::Frames;

    #[test]
    fn frames_are_found_however_they_are_cut() {
        let response = b"HTTP/1.1 200 OK\r\na: b\r\ntransfer-encoding: chunked\r\n\r\n\
            19\r\nevent: hello\ndata: {\"a\"\n\n\r\n3\r\nid:\r\n23\r\n k3-7\nevent: goal_updated\ndata: x\n\n\r\n";
        for size in [1, 2, 3, 7, response.len()] {
            let (mut frames, mut found) = (Frames::default(), Vec::new());
            for bytes in response.chunks(size) {
                frames.take_in(bytes, |frame| {
                    found.push((frame.event.to_owned(), frame.seq, frame.data.to_owned()));
                });
            }
            let expected = [
                ("hello".to_owned(), None, "{\"a\"".to_owned()),
                ("goal_updated".to_owned(), Some(7), "x".to_owned()),
            ];
            assert_eq!(found, expected, "{size}");
        }
    }
}
