//! What a `CertificateSigningRequest` asks for: the names in it, by which signer, for which use.

use crate::field::FieldId;
use crate::flags::Flags;
use crate::pkcs10::{self, Subject};
use crate::scratch::{Part, Reading, Scratch};
use crate::tree::{Kind, NodeId};

impl Subject {
    const ALL: [Self; 3] = [Self::Common, Self::Organization, Self::Dns];

    /// The key under which the names are kept.
    fn key(self) -> &'static str {
        match self {
            Self::Common => "commonName",
            Self::Organization => "organizations",
            Self::Dns => "dnsNames",
        }
    }
}

impl Reading<'_> {
    /// Whether the request is about a request for a certificate. That never changes once it is made, so every write that
    /// shows it is about it: an approval too.
    pub(crate) fn is_certificate_request(&self) -> bool {
        self.recorded(FieldId::ObjectRefResource) == Some("certificatesigningrequests")
    }

    /// A part of the request's `spec`.
    pub(crate) fn find_csr_spec(&mut self, key: &str) -> NodeId {
        if !self.is_certificate_request() {
            return self.missing();
        }
        let object = self.field(FieldId::Object);
        self.alternatives(object, &["spec", key])
    }

    pub(crate) fn find_csr_names(&mut self, name: Subject) -> NodeId {
        let names = self.part(Part::CertificateRequest);
        self.alternatives(names, &[name.key()])
    }

    /// All names of the request, as an object of lists.
    pub(crate) fn find_certificate_request(&mut self) -> NodeId {
        let request = self.find_csr_spec("request");
        let request = self.tree().target(request);
        if self.tree().kind(request) != Kind::Either {
            return read(self.scratch, request);
        }
        let either = self.tree().add(Kind::Either);
        let mut next = self.tree().first_child(request);
        while let Some(reading) = next {
            next = self.tree().next(reading);
            let reading = self.tree().target(reading);
            let names = read(self.scratch, reading);
            self.tree().push(either, names);
        }
        either
    }
}

/// Reads one reading of `spec.request`.
fn read(scratch: &mut Scratch, request: NodeId) -> NodeId {
    let Scratch {
        tree,
        flags,
        certificates: (text, buffers),
        ..
    } = scratch;
    match tree.kind(request) {
        Kind::Missing | Kind::Null => return tree.add(Kind::Missing),
        Kind::Unknown => return tree.add(Kind::Unknown),
        _ => {}
    }
    text.clear();
    text.push_str(tree.text(request).unwrap_or_default());
    let names = tree.add(Kind::Object);
    let lists = Subject::ALL.map(|name| (name, tree.add(Kind::List)));
    let read = pkcs10::read(text, buffers, &mut |name, tag, bytes| {
        let string = tree.add_text_with(|out| pkcs10::push_string(tag, bytes, out));
        if let Some((_, list)) = lists.iter().find(|(known, _)| *known == name) {
            tree.push(*list, string);
        }
    });
    flags.set(Flags::CSR_UNREADABLE, read.is_err());
    for (name, list) in lists {
        if tree.first_child(list).is_some() {
            tree.push_at(names, name.key(), list);
        }
    }
    names
}
