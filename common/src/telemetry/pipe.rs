//! Where log lines go: a bounded queue, and a thread that writes them to standard error.
//!
//! A reader that is gone, a full disk or a pipe that nobody empties stops that thread, and nothing else.

use std::{
    collections::VecDeque,
    fs::File,
    io::{self, ErrorKind, Write},
    os::fd::AsFd,
    sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError},
    thread,
    time::{Duration, Instant},
};

/// Bytes of lines that wait to be written: some thousands of lines, seconds of a busy log.
const CAPACITY: usize = 1024 * 1024;

/// Between two tries of a standard error that somebody set not to wait.
const FULL: Duration = Duration::from_millis(10);

/// A queue of lines with its writer. Clones are the same queue.
#[derive(Clone)]
pub(super) struct Pipe(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    /// Lines have come.
    filled: Condvar,
    /// All lines are written, or lost.
    emptied: Condvar,
}

#[derive(Default)]
struct State {
    lines: VecDeque<Vec<u8>>,
    /// Of the lines in the queue and of those that are being written.
    bytes: usize,
    /// Since the process began.
    lost: u64,
}

impl Pipe {
    /// The process's own.
    pub(super) fn to_standard_error() -> Self {
        static PIPE: OnceLock<Pipe> = OnceLock::new();
        // A descriptor of our own: the lock of `std::io::stderr` belongs to whoever waits for it.
        let open = || io::stderr().as_fd().try_clone_to_owned().map(File::from);
        PIPE.get_or_init(|| Self::start(open)).clone()
    }

    /// A queue whose thread writes to what `open` opens.
    fn start<W: Write>(open: impl FnOnce() -> io::Result<W> + Send + 'static) -> Self {
        let shared =
            Arc::new(Shared { state: Mutex::default(), filled: Condvar::new(), emptied: Condvar::new() });
        let pipe = Self(shared);
        let writer = pipe.clone();
        let thread = thread::Builder::new().name("log".to_owned()).spawn(move || match open() {
            Ok(out) => writer.write_for_ever(out),
            Err(_) => writer.write_for_ever(Nowhere),
        });
        // Without a thread the queue fills up, and lines are lost and counted: the service goes on.
        drop(thread);
        pipe
    }

    /// Lines that nobody got.
    pub(super) fn lost(&self) -> u64 {
        self.lock().lost
    }

    /// Waits until every line so far is written or lost, no longer than `patience`.
    pub(super) fn flush_within(&self, patience: Duration) {
        let deadline = Instant::now() + patience;
        let mut state = self.lock();
        while state.bytes > 0 {
            let Some(left) = deadline.checked_duration_since(Instant::now()) else { return };
            let waited = self.0.emptied.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner);
            state = waited.0;
        }
    }

    fn write_for_ever(&self, mut out: impl Write) {
        let mut told = 0;
        loop {
            let lines = self.next();
            let (mut bytes, mut failed) = (0, 0);
            for line in &lines {
                bytes += line.len();
                failed = if write(&mut out, line).is_ok() { 0 } else { failed + 1 };
                if failed > 0 {
                    self.lock().lost += 1;
                }
            }
            let lost = {
                let mut state = self.lock();
                state.bytes = state.bytes.saturating_sub(bytes);
                if state.bytes == 0 {
                    self.0.emptied.notify_all();
                }
                state.lost
            };
            // Told once somebody listens again; told to nobody, it would be one more that is lost.
            if failed == 0 && lost > told {
                tracing::warn!(lines = lost - told, "log lines were lost: nobody took them");
                told = lost;
            }
        }
    }

    fn next(&self) -> VecDeque<Vec<u8>> {
        let mut state = self.lock();
        while state.lines.is_empty() {
            state = self.0.filled.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        std::mem::take(&mut state.lines)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes one whole line a call, as the subscriber writes them. Never waits, never fails.
impl Write for Pipe {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let mut state = self.lock();
        match state.bytes.checked_add(line.len()) {
            Some(bytes) if bytes <= CAPACITY => {
                state.bytes = bytes;
                state.lines.push_back(line.to_vec());
                self.0.filled.notify_one();
            }
            _ => state.lost += 1,
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn write(out: &mut impl Write, mut line: &[u8]) -> io::Result<()> {
    while !line.is_empty() {
        match out.write(line) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(written) => line = line.get(written..).unwrap_or_default(),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => thread::sleep(FULL),
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// A standard error that was closed before the process began.
struct Nowhere;

impl Write for Nowhere {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    const LONG: Duration = Duration::from_secs(10);

    /// Writes when it is told to.
    struct Slow(mpsc::Receiver<()>, mpsc::Sender<Vec<u8>>);

    impl Write for Slow {
        fn write(&mut self, line: &[u8]) -> io::Result<usize> {
            self.0.recv().map_err(io::Error::other)?;
            self.1.send(line.to_vec()).map_err(io::Error::other)?;
            Ok(line.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_reader_that_stalls_costs_lines_and_no_time() {
        let ((go, wait), (write, written)) = (mpsc::channel(), mpsc::channel());
        let mut pipe = Pipe::start(move || Ok(Slow(wait, write)));
        let line = vec![b'x'; 1000];
        let began = Instant::now();
        for _ in 0..10_000 {
            pipe.write_all(&line).unwrap();
        }
        pipe.flush_within(Duration::from_millis(10));
        assert!(began.elapsed() < LONG, "10,000 lines to a stalled reader took {:?}", began.elapsed());
        let kept = 10_000 - usize::try_from(pipe.lost()).unwrap();
        assert!((900..1_100).contains(&kept), "{kept}");

        for _ in 0..kept {
            go.send(()).unwrap();
        }
        pipe.flush_within(LONG);
        assert_eq!(written.iter().take(kept).filter(|written| *written == line).count(), kept);
    }

    #[test]
    fn lines_that_cannot_be_written_are_counted() {
        let mut pipe = Pipe::start(|| Ok(Nowhere));
        for _ in 0..3 {
            pipe.write_all(b"line\n").unwrap();
        }
        pipe.flush_within(LONG);
        assert_eq!(pipe.lost(), 3);
    }
}
