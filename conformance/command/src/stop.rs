use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};

/// A flag that the first Ctrl-C, or another request to end the process, sets: what was started ends
/// too, and a run ends with a report. The second one ends the process at once. A command that
/// starts other processes calls this first.
pub(super) fn stop() -> Arc<AtomicBool> {
    static STOP: LazyLock<Arc<AtomicBool>> = LazyLock::new(|| {
        let stop = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&stop);
        // Without a handler a signal does what it does by default.
        let _ = ctrlc::set_handler(move || {
            if flag.swap(true, Ordering::Relaxed) {
                std::process::exit(130);
            }
        });
        stop
    });
    Arc::clone(&STOP)
}
