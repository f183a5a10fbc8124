//! Tests of the compiler as a whole: goldens, rejections, hostile input, properties.

#[cfg(test)]
mod api;
#[cfg(test)]
#[cfg(feature = "compiled")]
mod compiled;
#[cfg(test)]
mod corpus;
#[cfg(test)]
mod correlations;
#[cfg(test)]
mod damaged;
#[cfg(test)]
mod documents;
#[cfg(test)]
mod format;
#[cfg(test)]
mod generated;
#[cfg(test)]
mod goldens;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod least_level;
#[cfg(test)]
mod lints;
#[cfg(test)]
mod pattern;
#[cfg(test)]
mod rejections;
#[cfg(test)]
mod schema;
#[cfg(test)]
mod set;
#[cfg(test)]
mod shipped;
#[cfg(test)]
mod spans;
#[cfg(test)]
mod test_files;
#[cfg(test)]
mod yaml;
