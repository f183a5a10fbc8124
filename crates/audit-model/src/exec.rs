//! What an exec or an attach runs, and how.

use crate::field::FieldId;
use crate::scratch::Reading;
use crate::tree::{Kind, NodeId};

/// The label in which GKE's audit log has the command of an exec, as one line.
const GKE_COMMAND: &str = "command.gke.io/command";

impl Reading<'_> {
    /// Whether the request runs a command in a pod or attaches to one.
    fn is_exec(&self) -> bool {
        self.recorded(FieldId::ObjectRefResource) == Some("pods")
            && matches!(
                self.recorded(FieldId::ObjectRefSubresource),
                Some("exec" | "attach")
            )
    }

    pub(crate) fn find_exec_command(&mut self) -> NodeId {
        if !self.is_exec() {
            return self.missing();
        }
        let command = self.parameter("command");
        let tree = &self.scratch.tree;
        if tree.kind(tree.target(command)) != Kind::Text {
            return command;
        }
        let list = self.tree().add(Kind::List);
        let only = self.tree().add_alias(command);
        self.tree().push(list, only);
        list
    }

    pub(crate) fn find_exec_program(&mut self) -> NodeId {
        let command = self.field(FieldId::ExecCommand);
        let command = self.tree().target(command);
        if let Some(first) = self.tree().first_child(command) {
            return self.tree().add_text_from(first, base_name);
        }
        let line = self.rendered_command();
        if self.tree().kind(line) != Kind::Either {
            return self.first_program(line);
        }
        let either = self.tree().add(Kind::Either);
        let mut next = self.tree().first_child(line);
        while let Some(reading) = next {
            next = self.tree().next(reading);
            let program = self.first_program(reading);
            self.tree().push(either, program);
        }
        either
    }

    /// The base name of what the first word of a line names.
    fn first_program(&mut self, line: NodeId) -> NodeId {
        let tree = self.tree();
        if tree.text(line).is_none_or(|line| line.trim().is_empty()) {
            return self.missing();
        }
        tree.add_text_from(line, |line, out| {
            base_name(line.split_whitespace().next().unwrap_or_default(), out);
        })
    }

    pub(crate) fn find_command_line(&mut self) -> NodeId {
        let command = self.field(FieldId::ExecCommand);
        let command = self.tree().target(command);
        if self.tree().kind(command) != Kind::List {
            return self.rendered_command();
        }
        self.tree().add_joined(command, " ")
    }

    /// The command as GKE renders it, which is no argv: where an argument ends cannot be told.
    fn rendered_command(&mut self) -> NodeId {
        if !self.is_gke() || !self.is_exec() {
            return self.missing();
        }
        let line = self.find_annotation(GKE_COMMAND);
        self.tree().target(line)
    }

    pub(crate) fn find_exec_container(&mut self) -> NodeId {
        if self.is_exec() {
            self.parameter("container")
        } else {
            self.missing()
        }
    }

    /// A boolean parameter, as the API server reads it: everything but `0` and `false` is true
    /// (`Convert_Slice_string_To_bool` of apimachinery).
    pub(crate) fn find_exec_switch(&mut self, name: &str) -> NodeId {
        if !self.is_exec() {
            return self.missing();
        }
        let value = self.parameter(name);
        let queryless = self.is_queryless();
        let tree = self.tree();
        let value = tree.target(value);
        if queryless && tree.kind(value) == Kind::Missing {
            return value;
        }
        let first = if tree.kind(value) == Kind::List {
            tree.first_child(value)
        } else {
            Some(value)
        };
        let on = first
            .and_then(|first| tree.text(first))
            .is_some_and(|text| text != "0" && !text.eq_ignore_ascii_case("false"));
        self.bool(on)
    }
}

/// Appends the last part of a path.
fn base_name(path: &str, out: &mut String) {
    out.push_str(path.rsplit(['/', '\\']).next().unwrap_or_default());
}
