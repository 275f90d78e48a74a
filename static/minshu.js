// The only script of our own: a form that came back with errors starts at their summary.
"use strict";
document.getElementById("errors")?.focus();
