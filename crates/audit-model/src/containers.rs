//! Members with computed parts: containers with their image, capabilities and host paths, subjects with their names.

use std::hash::BuildHasher;

use crate::FieldId;
use crate::image::ImageRef;
use crate::object::alternatives;
use crate::plain::split_service_account;
use crate::scratch::{Part, Reading};
use crate::tree::{Kind, NodeId, Tree};
use crate::uri::clean_path;

/// Where a pod template keeps containers, and what each place calls them.
const CONTAINER_LISTS: [(&str, &str); 3] = [
    ("containers", "container"),
    ("initContainers", "init"),
    ("ephemeralContainers", "ephemeral"),
];

impl Reading<'_> {
    pub(crate) fn find_containers(&mut self) -> NodeId {
        let spec = self.field(FieldId::PodSpec);
        let template = self.part(Part::PodTemplate);
        let mut volumes = std::mem::take(&mut self.scratch.volumes);
        volumes.clear();
        let in_doubt = index_volumes(self.tree(), template, &mut volumes);
        let mut maker = Maker {
            tree: &mut self.scratch.tree,
            volumes: &volumes,
            in_doubt,
        };
        let containers = maker.each_reading(spec, |maker, spec| {
            if !matches!(maker.tree.kind(spec), Kind::Object | Kind::Parts) {
                return spec;
            }
            let all = maker.tree.add(Kind::List);
            let (mut some, mut sure) = (false, false);
            for (key, kind) in CONTAINER_LISTS {
                let list = alternatives(maker.tree, spec, &[key]);
                let several = maker.tree.kind(list) == Kind::Either;
                let nothing = |node| matches!(maker.tree.kind(node), Kind::Missing | Kind::Null);
                some |= !maker.tree.readings(list).all(nothing);
                sure |= !maker.tree.readings(list).any(nothing);
                let target = if several {
                    maker.tree.add(Kind::Either)
                } else {
                    all
                };
                maker.each_list(list, several, target, |maker, container| {
                    maker.container(container, kind)
                });
                if several {
                    maker.tree.push(all, target);
                }
            }
            if sure {
                return all;
            }
            let missing = maker.tree.add(Kind::Missing);
            if !some {
                return missing;
            }
            let either = maker.tree.add(Kind::Either);
            maker.tree.push(either, all);
            maker.tree.push(either, missing);
            either
        });
        self.scratch.volumes = volumes;
        containers
    }

    pub(crate) fn find_subjects(&mut self) -> NodeId {
        let subjects = self.find_rbac("subjects", true);
        let mut maker = Maker {
            tree: &mut self.scratch.tree,
            volumes: &[],
            in_doubt: false,
        };
        maker.each_reading(subjects, |maker, subjects| {
            if !matches!(maker.tree.kind(subjects), Kind::List | Kind::Parts) {
                return subjects;
            }
            let all = maker.tree.add(Kind::List);
            maker.each_list(subjects, false, all, Maker::subject);
            all
        })
    }
}

/// Most host paths that one volume name stands for. Honest names stand for one, and a client that repeats one in every
/// volume and every mount must not make their product.
const MAX_PATHS: usize = 16;

/// Files the cleaned host paths of a pod template's volumes under the hash of the volume's name; whether there are
/// several readings of them.
fn index_volumes(tree: &mut Tree, template: NodeId, index: &mut Vec<(u64, NodeId)>) -> bool {
    let volumes = alternatives(tree, template, &["volumes"]);
    let mut in_doubt = tree.kind(volumes) == Kind::Either;
    let mut members = tree.take_open();
    for reading in tree.readings(volumes) {
        members.extend(tree.list_members(reading));
    }
    for volume in &members {
        let names = alternatives(tree, *volume, &["name"]);
        let paths = alternatives(tree, *volume, &["hostPath", "path"]);
        in_doubt |= [names, paths]
            .iter()
            .any(|node| tree.kind(*node) == Kind::Either);
        let hash = tree.hasher();
        for name in tree.readings(names).filter_map(|name| tree.text(name)) {
            let name = hash.hash_one(name);
            index.extend(
                tree.readings(paths)
                    .filter(|path| tree.text(*path).is_some())
                    .take(MAX_PATHS)
                    .map(|path| (name, path)),
            );
        }
    }
    tree.put_open(members);
    index.sort_unstable();
    // Of a name with more paths the first are kept, and something unknown in the place of the others.
    let (mut last, mut n_same) = (None, 0);
    index.retain_mut(|(name, path)| {
        n_same = if last == Some(*name) { n_same + 1 } else { 1 };
        last = Some(*name);
        if n_same == MAX_PATHS {
            *path = tree.add(Kind::Unknown);
        } else if n_same < MAX_PATHS {
            *path = tree.add_text_from(*path, clean_path);
        }
        n_same <= MAX_PATHS
    });
    in_doubt
}

/// Makes members with computed parts out of those of a body.
struct Maker<'t, 'v> {
    tree: &'t mut Tree,
    volumes: &'v [(u64, NodeId)],
    /// Whether there are several readings of the volumes, or of what a container mounts.
    in_doubt: bool,
}

impl Maker<'_, '_> {
    /// Maps each reading of a node.
    fn each_reading(
        &mut self,
        node: NodeId,
        mut map: impl FnMut(&mut Self, NodeId) -> NodeId,
    ) -> NodeId {
        let node = self.tree.target(node);
        if self.tree.kind(node) != Kind::Either {
            return map(self, node);
        }
        let either = self.tree.add(Kind::Either);
        let mut next = self.tree.first_child(node);
        while let Some(reading) = next {
            next = self.tree.next(reading);
            let target = self.tree.target(reading);
            let mapped = map(self, target);
            let alias = self.tree.add_alias(mapped);
            self.tree.push(either, alias);
        }
        either
    }

    /// Maps the members of a list and hangs them below `target`; of each of several lists, below a list of its own.
    fn each_list(
        &mut self,
        list: NodeId,
        several: bool,
        target: NodeId,
        mut map: impl FnMut(&mut Self, NodeId) -> NodeId,
    ) {
        let mut members = self.tree.take_open();
        if several {
            let mut next = self.tree.first_child(list);
            while let Some(reading) = next {
                next = self.tree.next(reading);
                let own = self.tree.add(Kind::List);
                members.clear();
                members.extend(self.tree.list_members(reading));
                for member in &members {
                    let made = map(self, *member);
                    self.tree.push(own, made);
                }
                self.tree.push(target, own);
            }
        } else {
            members.extend(self.tree.list_members(list));
            for member in &members {
                let made = map(self, *member);
                self.tree.push(target, made);
            }
        }
        self.tree.put_open(members);
    }

    /// A new object with the children of another, but for those whose keys are computed.
    fn copy(
        &mut self,
        of: NodeId,
        computed: &[&str],
        mut child: impl FnMut(&mut Self, NodeId) -> NodeId,
    ) -> NodeId {
        let copy = self.tree.add(Kind::Object);
        if self.tree.repeats(of) {
            self.tree.set_repeats(copy);
        }
        let mut next = self.tree.first_child(of);
        while let Some(this) = next {
            next = self.tree.next(this);
            if !self
                .tree
                .key(this)
                .is_some_and(|key| computed.contains(&key))
            {
                let made = child(self, this);
                self.tree.push_like(copy, this, made);
            }
        }
        copy
    }

    fn is_object(&self, node: NodeId) -> bool {
        matches!(self.tree.kind(node), Kind::Object | Kind::Parts)
    }

    fn container(&mut self, member: NodeId, kind: &str) -> NodeId {
        let of = self.tree.target(member);
        if !self.is_object(of) {
            return self.tree.add_alias(of);
        }
        let made = self.copy(
            of,
            &["kind", "capabilities", "hostPaths"],
            |maker, child| {
                if maker.tree.key(child) == Some("image") && maker.tree.text(child).is_some() {
                    maker.image(child)
                } else {
                    maker.tree.add_alias(child)
                }
            },
        );
        let kind = self.tree.add_text(kind);
        self.tree.push_at(made, "kind", kind);
        self.computed_lists(
            of,
            made,
            &["securityContext", "capabilities", "add"],
            "capabilities",
            |maker, list, added| {
                if maker.tree.text(added).is_none() {
                    return;
                }
                let capability = maker.tree.add_text_from(added, |text, out| {
                    let text = match text.get(..4) {
                        Some(prefix) if prefix.eq_ignore_ascii_case("CAP_") => {
                            text.get(4..).unwrap_or_default()
                        }
                        _ => text,
                    };
                    out.extend(text.chars().map(|c| c.to_ascii_uppercase()));
                });
                maker.tree.push(list, capability);
            },
        );
        let in_doubt = self.in_doubt;
        self.computed_lists(of, made, &["volumeMounts"], "hostPaths", Self::mounted);
        if self.in_doubt && self.tree.children_at(made, "hostPaths").next().is_some() {
            // Readings may have some of the paths each, so none of them is sure.
            let missing = self.tree.add(Kind::Missing);
            self.tree.push_at(made, "hostPaths", missing);
            self.tree.set_repeats(made);
        }
        self.in_doubt = in_doubt;
        made
    }

    /// Hangs a list that is computed from another one below a member, once for each reading of that.
    fn computed_lists(
        &mut self,
        of: NodeId,
        made: NodeId,
        path: &[&str],
        key: &str,
        mut push: impl FnMut(&mut Self, NodeId, NodeId),
    ) {
        let found = alternatives(self.tree, of, path);
        let several = self.tree.kind(found) == Kind::Either;
        let mut next = if several {
            self.tree.first_child(found)
        } else {
            Some(found)
        };
        while let Some(reading) = next {
            next = if several {
                self.tree.next(reading)
            } else {
                None
            };
            let reading = self.tree.target(reading);
            let list = self.tree.add(Kind::List);
            let kind = self.tree.kind(reading);
            let mut member = self.tree.first_child(reading);
            while let Some(this) = member {
                member = self.tree.next(this);
                if kind == Kind::List || kind == Kind::Parts && self.tree.is_part_member(this) {
                    push(self, list, this);
                }
            }
            if self.tree.first_child(list).is_some() {
                self.tree.push_at(made, key, list);
            } else if several {
                let missing = self.tree.add(Kind::Missing);
                self.tree.push_at(made, key, missing);
            }
        }
        if several {
            self.tree.set_repeats(made);
        }
    }

    /// Hangs the host paths behind a volume mount below a list.
    fn mounted(&mut self, list: NodeId, mount: NodeId) {
        let names = alternatives(self.tree, mount, &["name"]);
        let several = self.tree.kind(names) == Kind::Either;
        self.in_doubt |= several;
        let mut next = if several {
            self.tree.first_child(names)
        } else {
            Some(names)
        };
        while let Some(name) = next {
            next = if several { self.tree.next(name) } else { None };
            let Some(text) = self.tree.text(name) else {
                continue;
            };
            let hash = self.tree.hasher().hash_one(text);
            let start = self.volumes.partition_point(|(name, _)| *name < hash);
            for (_, path) in self
                .volumes
                .iter()
                .skip(start)
                .take_while(|(name, _)| *name == hash)
            {
                let path = self.tree.add_alias(*path);
                self.tree.push(list, path);
            }
        }
    }

    fn image(&mut self, of: NodeId) -> NodeId {
        let image = self.tree.add_text_from(of, |text, out| out.push_str(text));
        let text = self.tree.text(image).unwrap_or_default();
        let parsed = ImageRef::parse(text);
        let (has_tag, has_digest) = (parsed.tag.is_some(), parsed.digest.is_some());
        let mut part = |key: &str, write: &dyn Fn(ImageRef<'_>, &mut String)| {
            let made = self
                .tree
                .add_text_from(image, |text, out| write(ImageRef::parse(text), out));
            self.tree.push_at(image, key, made);
        };
        part("registry", &|image, out| out.push_str(image.registry));
        part("repository", &|image, out| image.write_repository(out));
        if has_tag {
            part("tag", &|image, out| {
                out.push_str(image.tag.unwrap_or_default());
            });
        }
        if has_digest {
            part("digest", &|image, out| {
                out.push_str(image.digest.unwrap_or_default());
            });
        }
        image
    }

    /// A subject of a binding with the name by which `user.username` would show it, and with `ref` when that is a
    /// service account, whichever kind the binding calls it.
    fn subject(&mut self, member: NodeId) -> NodeId {
        let of = self.tree.target(member);
        if !self.is_object(of) {
            return self.tree.add_alias(of);
        }
        let made = self.copy(of, &["username", "ref"], |maker, child| {
            maker.tree.add_alias(child)
        });
        let names = alternatives(self.tree, of, &["name"]);
        let mut n_names = 0;
        // Whether there is a reading in which the subject has no such name.
        let mut unnamed = false;
        let mut kinds = self.tree.first_child(of);
        while let Some(kind) = kinds {
            kinds = self.tree.next(kind);
            if self.tree.key(kind) != Some("kind") {
                continue;
            }
            let is_user = self.tree.text(kind) == Some("User");
            let is_service_account = self.tree.text(kind) == Some("ServiceAccount");
            let several = self.tree.kind(names) == Kind::Either;
            let mut next = if several {
                self.tree.first_child(names)
            } else {
                Some(names)
            };
            while let Some(name) = next {
                next = if several { self.tree.next(name) } else { None };
                if self.tree.text(name).is_none() {
                    unnamed = true;
                } else if is_user {
                    let username = self.tree.add_alias(name);
                    self.tree.push_at(made, "username", username);
                    self.account_ref(made, username);
                    n_names += 1;
                } else if is_service_account {
                    n_names += self.service_account(of, made, name, &mut unnamed);
                } else {
                    unnamed = true;
                }
            }
        }
        if unnamed && n_names > 0 {
            let missing = self.tree.add(Kind::Missing);
            self.tree.push_at(made, "username", missing);
            self.account_ref(made, missing);
            n_names += 1;
        }
        if n_names > 1 {
            self.tree.set_repeats(made);
        }
        made
    }

    fn service_account(
        &mut self,
        of: NodeId,
        made: NodeId,
        name: NodeId,
        unnamed: &mut bool,
    ) -> usize {
        let mut n_names = 0;
        let mut next = self.tree.first_child(of);
        while let Some(namespace) = next {
            next = self.tree.next(namespace);
            if self.tree.key(namespace) != Some("namespace") {
                continue;
            }
            if self.tree.text(namespace).is_none() {
                *unnamed = true;
                continue;
            }
            let parts = self.tree.add(Kind::List);
            for part in [namespace, name] {
                let part = self.tree.add_alias(part);
                self.tree.push(parts, part);
            }
            let joined = self.tree.add_joined(parts, ":");
            let username = self.tree.add_text_from(joined, |name, out| {
                out.push_str("system:serviceaccount:");
                out.push_str(name);
            });
            self.tree.push_at(made, "username", username);
            self.account_ref(made, username);
            n_names += 1;
        }
        *unnamed |= n_names == 0;
        n_names
    }

    /// Adds `namespace/name`, as `ref` shows the account itself, to a subject with the user name of a service account.
    fn account_ref(&mut self, made: NodeId, username: NodeId) {
        let is_account = self
            .tree
            .text(username)
            .is_some_and(|name| split_service_account(name).is_some());
        let reference = if is_account {
            self.tree.add_text_from(username, |name, out| {
                if let Some((namespace, name)) = split_service_account(name) {
                    out.push_str(namespace);
                    out.push('/');
                    out.push_str(name);
                }
            })
        } else {
            // In this reading, if there are several, the subject is no account.
            self.tree.add(Kind::Missing)
        };
        self.tree.push_at(made, "ref", reference);
    }
}
