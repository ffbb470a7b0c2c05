use std::io::Read;

use super::{FtsError, fill};

/// The property stream inside the frames, as one run of bytes.
#[derive(Debug)]
pub struct Frames<R> {
    inner: R,
    /// What is left of the buffer being read.
    left: u32,
    version: Option<[u16; 3]>,
    ended: bool,
}

/// Frames other than buffers are this long at most, in bytes.
const LONGEST_HEAD: u32 = 256;

impl<R: Read> Frames<R> {
    /// The frames in this stream.
    pub fn new(inner: R) -> Self {
        Self { inner, left: 0, version: None, ended: false }
    }

    /// The version of the server that wrote it, as far as it was read: major and minor in one number, build, minor
    /// build.
    pub fn version(&self) -> Option<[u16; 3]> {
        self.version
    }

    /// Fills a piece of the buffer; how much. 0 at the end of the stream, which is at the end of a frame.
    pub fn read(&mut self, out: &mut [u8]) -> Result<usize, FtsError> {
        while self.left == 0 {
            if self.ended || !self.next_buffer()? {
                self.ended = true;
                return Ok(0);
            }
        }
        let wanted = out.len().min(self.left as usize);
        if wanted > 0 && !fill(&mut self.inner, &mut out[..wanted])? {
            return Err(FtsError::CutShort);
        }
        self.left -= wanted as u32;
        Ok(wanted)
    }

    /// Goes to the next buffer, over the frames before it. `false` at the end.
    fn next_buffer(&mut self) -> Result<bool, FtsError> {
        let mut head = [0; 8];
        while fill(&mut self.inner, &mut head)? {
            let [opcode, length] = [&head[..4], &head[4..]].map(number);
            match opcode {
                2 => {
                    self.left = length;
                    return Ok(true);
                }
                1 | 3 | 4 if length <= LONGEST_HEAD => {
                    let mut payload = vec![0; length as usize];
                    if !payload.is_empty() && !fill(&mut self.inner, &mut payload)? {
                        return Err(FtsError::CutShort);
                    }
                    if let (4, [a, b, c, d, e, f]) = (opcode, payload.as_slice()) {
                        let pairs = [[*a, *b], [*c, *d], [*e, *f]];
                        self.version = Some(pairs.map(u16::from_le_bytes));
                    }
                }
                _ => return Err(FtsError::Frame { opcode, length }),
            }
        }
        Ok(false)
    }
}

fn number(bytes: &[u8]) -> u32 {
    bytes.iter().rev().fold(0, |number, byte| number << 8 | u32::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(opcode: u32, payload: &[u8]) -> Vec<u8> {
        let length = u32::try_from(payload.len()).unwrap();
        [&opcode.to_le_bytes()[..], &length.to_le_bytes(), payload].concat()
    }

    fn all(stream: &[u8]) -> Result<(Vec<u8>, Option<[u16; 3]>), FtsError> {
        let (mut frames, mut bytes, mut piece) = (Frames::new(stream), Vec::new(), [0; 3]);
        loop {
            match frames.read(&mut piece)? {
                0 => return Ok((bytes, frames.version())),
                count => bytes.extend(&piece[..count]),
            }
        }
    }

    #[test]
    fn buffers_are_one_run_of_bytes() {
        let stream = [
            frame(1, &[0, 0, 0, 0, 1, 0, 0, 0]),
            frame(4, &[1, 0x0e, 0x8b, 0x80, 0, 0]),
            frame(2, b"hello"),
            frame(2, b""),
            frame(2, b" world"),
        ];
        assert_eq!(all(&stream.concat()).unwrap(), (b"hello world".to_vec(), Some([0x0e01, 0x808b, 0])));
        assert_eq!(all(b"").unwrap(), (Vec::new(), None));
    }

    #[test]
    fn a_stream_that_is_not_whole_says_so_wherever_it_ends() {
        let stream = [frame(4, &[1, 0x0e, 0x8b, 0x80, 0, 0]), frame(2, b"hello")].concat();
        for length in (1..stream.len()).filter(|length| *length != 14) {
            assert!(matches!(all(&stream[..length]), Err(FtsError::CutShort)), "{length}");
        }
    }

    #[test]
    fn other_frames_are_refused() {
        assert!(matches!(all(&frame(9, b"x")), Err(FtsError::Frame { opcode: 9, length: 1 })));
        assert!(matches!(all(&frame(1, &[0; 300])), Err(FtsError::Frame { opcode: 1, .. })));
    }
}
