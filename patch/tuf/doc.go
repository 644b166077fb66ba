// Package tuf publishes releases as a repository of The Update Framework (TUF
// specification 1.0) in a folder, and is the client that a device or its service
// tool updates from, with go-tuf underneath.
//
// It owns the [Repository] and the [Client]. A client takes nothing that is not
// signed by the keys its root names, older than what it has seen (rollback), past
// its date (freeze), or put together from different states (mix and match); and
// one that saw a key revoked does not trust it again. It knows nothing of what a
// release means: patch.Release says that, and travels as a file. Nor does it
// install anything.
//
// A client keeps in its folder every root that follows from the factory's, and the
// instant of the last Update that succeeded. An Update as of an earlier instant, or of
// none, is [ErrClock]: for a clock that goes back a frozen state would never be past
// its date. A root that lies in the folder is believed only when the factory root,
// over each one between, has signed it. Whoever may delete in the folder can still
// make a client forget what it saw.
//
// When an update is cut off, whatever was kept is either the old file or the new
// one, a half-written file counts as none, and the next Update goes on from
// there. A target is under its name only when it is whole and checked. A publication
// that is cut off leaves clients with the old state or the new one, and Load goes on
// from it; see [Repository.Publish] for the one exception.
//
//	repo, err := tuf.Create(keys, nil, at)
//	repo, err = repo.AddRelease(envelope, trust, files, keys, at)
//	err = repo.Publish("/srv/updates")
//
//	c, err := tuf.NewClient("/var/lib/updates", root, tuf.Dir(os.DirFS("/srv/updates")))
//	err = c.Update(ctx, at)
//	body, err := c.Get(ctx, "pump/7/pump-2.2.bin")
package tuf
