//! What the crate promises, from the outside.

#[cfg(test)]
mod csr;
#[cfg(test)]
mod decode;
#[cfg(test)]
mod fields_page;
#[cfg(test)]
mod forms;
#[cfg(test)]
mod gke;
#[cfg(test)]
mod gke_forms;
#[cfg(test)]
mod gke_parts;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod joined;
#[cfg(test)]
mod layouts;
#[cfg(test)]
mod managed;
#[cfg(test)]
mod mutated;
#[cfg(test)]
mod oke;
#[cfg(test)]
mod packed;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod reader;
#[cfg(test)]
mod strict;
#[cfg(test)]
mod vocabulary;
#[cfg(test)]
mod wrappers;
#[cfg(test)]
mod write;
