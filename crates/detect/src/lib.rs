//! Programs and events to hits and detections.

#![forbid(unsafe_code)]
