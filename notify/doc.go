// Package notify tells a person or a system that something needs their eyes.
//
// The noun it owns is the [Message]: what is said, about which records, and
// how far it may travel. Its port is [Notifier], one verb; [All], [Func] and
// [Log] are notifiers too, so they can be put into one another.
//
// A notifier is no gate, keeps nothing and repeats nothing: it sends what it is
// given. The [Outbox] keeps what is owed in the ledger, in the act that it tells of,
// asks a [tlp.Gate], and delivers at least once; a message that is told twice has the
// same ID, so that receivers can drop the second.
//
// Start with [Log] in a program, and [Func] to reach anything else.
package notify
