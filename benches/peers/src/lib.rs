//! Other engines that load Sigma rules or can be given what they say, each the way its documentation shows: bytes of a
//! line in, rules that match out.
//!
//! What they are compared by are the rules of `benches::rules`, which use no more of Sigma than all of them know. Two have
//! a rule language of their own; [`plain`](crate) rules are translated into it as far as it can say them, and a rule that
//! it cannot say is refused with the reason.

#![forbid(unsafe_code)]

mod cases;
mod ours;
mod patterns;
mod plain;
mod sigma;
mod tau;

pub use cases::{CASES, Case};

/// Rules that an engine has loaded.
pub trait Engine {
    /// Calls `hit` with the place of each rule that matches a line.
    fn hits(&mut self, line: &[u8], hit: &mut dyn FnMut(usize));
}

/// What became of rules that were given to an engine.
pub struct Loaded {
    pub engine: Box<dyn Engine>,
    /// Places of rules that it did not take, with the reason.
    pub refused: Vec<(usize, String)>,
}

/// An engine that rules can be given to.
#[derive(Clone, Copy)]
pub struct Contestant {
    pub name: &'static str,
    /// Whether its work grows with the number of rules, whatever they say.
    pub linear: bool,
    /// Loads rules whose ids begin with their place, as eight hexadecimal digits.
    pub load: fn(&[String]) -> Loaded,
}

/// The engine that the others are compared with.
pub const OURS: Contestant = Contestant {
    name: "kubesift",
    linear: false,
    load: ours::load,
};

/// The others.
pub const PEERS: [Contestant; 5] = [
    Contestant {
        name: "rsigma-eval 0.23",
        linear: false,
        load: sigma::rsigma,
    },
    Contestant {
        name: "sigma-rust 0.7",
        linear: true,
        load: sigma::sigma_rust,
    },
    Contestant {
        name: "sigmars 0.2.2",
        linear: true,
        load: sigma::sigmars,
    },
    Contestant {
        name: "tau-engine 1.16",
        linear: true,
        load: tau::load,
    },
    Contestant {
        name: "quamina 0.7",
        linear: false,
        load: patterns::load,
    },
];

/// Runs what may panic, as some engines do on rules or on events, without telling of it.
///
/// # Errors
/// What it panicked with.
pub fn quietly<T>(run: impl FnOnce() -> T) -> Result<T, String> {
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(run));
    std::panic::set_hook(hook);
    done.map_err(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref().map(|text: &&str| (*text).to_owned()));
        text.unwrap_or_default()
    })
}

/// The place that a rule's id begins with.
fn place(id: &str) -> Option<usize> {
    usize::from_str_radix(id.get(..8)?, 16).ok()
}
