// Package snippet reads the blocks of code of the documents, and compares what they
// print with the output that the page shows. The tests of README.md and of docs/guide
// run them.
//
// A block says by the words after its language how it is run:
//
//	sh               the lines are run by bash, in the order of the page
//	sh background    they are run while the rest of the page is
//	text output      what the block of sh before it prints; json output likewise
//	python a/b.py    the content of the file a/b.py; other languages likewise
//
// A line of sh that begins with "# → " is a line of its output. A block that cannot be
// run has "<!-- not run: the reason -->" on the line before it.
//
// It must not run anything, and is imported by tests only.
package snippet
