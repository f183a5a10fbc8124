//! Image references, taken apart as a container runtime would.

/// The parts of an image reference, normalised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ImageRef<'a> {
    pub(crate) registry: &'a str,
    /// Without the `library/` that Docker Hub puts before a bare name.
    repository: &'a str,
    implied_library: bool,
    pub(crate) tag: Option<&'a str>,
    pub(crate) digest: Option<&'a str>,
}

const DOCKER_HUB: &str = "docker.io";

impl<'a> ImageRef<'a> {
    /// Takes a reference apart: `nginx` is `docker.io`, `library/nginx`, `latest`.
    pub(crate) fn parse(image: &'a str) -> Self {
        let (name, digest) = match image.split_once('@') {
            Some((name, digest)) => (name, Some(digest)),
            None => (image, None),
        };
        // A colon before the last slash belongs to a registry's port.
        let (name, tag) = match name.rsplit_once(':') {
            Some((before, tag)) if !tag.contains('/') => (before, Some(tag)),
            _ => (name, None),
        };
        let (registry, repository) = match name.split_once('/') {
            Some((first, rest)) if first.contains(['.', ':']) || first == "localhost" => {
                (first, rest)
            }
            _ => (DOCKER_HUB, name),
        };
        let registry = if registry == "index.docker.io" {
            DOCKER_HUB
        } else {
            registry
        };
        Self {
            registry,
            repository,
            implied_library: registry == DOCKER_HUB && !repository.contains('/'),
            tag: tag.or(if digest.is_none() {
                Some("latest")
            } else {
                None
            }),
            digest,
        }
    }

    pub(crate) fn write_repository(&self, out: &mut String) {
        if self.implied_library {
            out.push_str("library/");
        }
        out.push_str(self.repository);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_references_apart() {
        for (image, registry, repository, tag, digest) in [
            ("nginx", "docker.io", "library/nginx", Some("latest"), None),
            (
                "nginx:1.27",
                "docker.io",
                "library/nginx",
                Some("1.27"),
                None,
            ),
            (
                "docker.io/nginx",
                "docker.io",
                "library/nginx",
                Some("latest"),
                None,
            ),
            ("index.docker.io/a/b:c", "docker.io", "a/b", Some("c"), None),
            ("a/b", "docker.io", "a/b", Some("latest"), None),
            ("localhost/x", "localhost", "x", Some("latest"), None),
            ("reg:5000/x", "reg:5000", "x", Some("latest"), None),
            (
                "reg.example:5000/x/y:z@sha256:ab",
                "reg.example:5000",
                "x/y",
                Some("z"),
                Some("sha256:ab"),
            ),
            (
                "gcr.io/p/x@sha256:ab",
                "gcr.io",
                "p/x",
                None,
                Some("sha256:ab"),
            ),
        ] {
            let parsed = ImageRef::parse(image);
            let mut made = String::new();
            parsed.write_repository(&mut made);
            assert_eq!(
                (parsed.registry, made.as_str(), parsed.tag, parsed.digest),
                (registry, repository, tag, digest)
            );
        }
    }
}
