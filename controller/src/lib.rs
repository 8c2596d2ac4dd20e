//! The controller and command line: watches objects, observes AWS, plans, acts and reports
