package archive

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"reflect"
	"slices"
)

// serverSet are properties that the server decides; they are not sent.
var serverSet = []string{"id", "blobId", "myRights", "isDefault", "shareWith", "isOrigin", "mayDelete", "size"}

type object map[string]any

func (o object) text(name string) string {
	s, _ := o[name].(string)
	return s
}

// without gives the object without what the server sets and what is named.
func (o object) without(names ...string) object {
	out := maps.Clone(o)
	for _, name := range append(names, serverSet...) {
		delete(out, name)
	}
	return out
}

func (r *restore) presentObjects(ctx context.Context, kind string) (all []object, err error) {
	err = r.present(ctx, kind, nil, func(raw json.RawMessage) error {
		var o object
		err := json.Unmarshal(raw, &o)
		all = append(all, o)
		return err
	})
	return all, err
}

// identities sets the signatures of the identities that the server made by itself
// for an address; the others are made if the server accepts them. Several may
// have one address.
func (r *restore) identities(ctx context.Context) error {
	have, err := r.presentObjects(ctx, "Identity")
	if err != nil {
		return err
	}
	var open []object
	err = readArray(r.src, "identities.json", func(o object) error {
		same := func(there object) bool { return reflect.DeepEqual(o.without(), there.without()) }
		if at := slices.IndexFunc(have, same); at >= 0 {
			have = slices.Delete(have, at, at+1)
			r.exists("Identity")
			return nil
		}
		open = append(open, o)
		return nil
	})
	for i := 0; i < len(open) && err == nil; i++ {
		have, err = r.identity(ctx, open[i], have)
	}
	return err
}

// identity restores one of which there is no equal, and gives those that are left.
func (r *restore) identity(ctx context.Context, o object, have []object) (left []object, err error) {
	sameAddress := func(there object) bool { return there.text("email") == o.text("email") }
	at := slices.IndexFunc(have, func(there object) bool {
		return sameAddress(there) && there.text("textSignature") == "" && there.text("htmlSignature") == ""
	})
	switch {
	case at >= 0:
		there := have[at]
		patch, err := json.Marshal(o.without("email"))
		if err == nil {
			err = r.server.Change(ctx, r.id, "Identity", there.text("id"), patch)
		}
		if err == nil {
			err = r.made("Identity", o.text("id"), there.text("id"))
		}
		return slices.Delete(have, at, at+1), err
	case slices.ContainsFunc(have, sameAddress):
		r.problem("Identity", o.text("id"), o.text("email"), errDifferent)
	default:
		_, err = r.createOne(ctx, "Identity", o.text("id"), o.text("email"), o.without())
	}
	return have, err
}

// containers maps address books or calendars: the default one to the default
// one, the others by name; what is not there is made.
func (r *restore) containers(ctx context.Context, kind string) error {
	have, err := r.presentObjects(ctx, kind)
	if err != nil {
		return err
	}
	r.ids[kind] = map[string]string{}
	return readArray(r.src, partOf(kind).file, func(o object) error {
		for _, there := range have {
			if (o["isDefault"] == true && there["isDefault"] == true) || o["name"] == there["name"] {
				r.ids[kind][o.text("id")] = there.text("id")
				r.exists(kind)
				return nil
			}
		}
		made, err := r.createOne(ctx, kind, o.text("id"), o.text("name"), o.without())
		if made != "" {
			r.ids[kind][o.text("id")] = made
		}
		return err
	})
}

var errNoContainer = errors.New("its address book or calendar could not be restored")

// items restores cards or events. One is there already if the journal says so,
// or one with the same uid, or without a uid the same text, is.
func (r *restore) items(ctx context.Context, kind, member, container string) error {
	have, err := r.presentObjects(ctx, kind)
	if err != nil {
		return err
	}
	ids := map[string]bool{}
	for _, o := range have {
		ids[o.text("id")] = true
	}
	return readArray(r.src, partOf(kind).file, func(o object) error {
		in := map[string]any{}
		old, _ := o[member].(map[string]any)
		for id := range old {
			if to, ok := r.ids[container][id]; ok {
				in[to] = true
			}
		}
		if len(in) == 0 {
			r.problem(kind, o.text("id"), o.text("title"), errNoContainer)
			return nil
		}
		there := ids[r.journal.made[kind+" "+o.text("id")]]
		wanted := o.without()
		wanted[member] = in
		for i := 0; i < len(have) && !there; i++ {
			there = sameItem(wanted, have[i])
		}
		if there {
			r.exists(kind)
			return nil
		}
		_, err := r.createOne(ctx, kind, o.text("id"), o.text("title"), wanted)
		return err
	})
}

func sameItem(wanted, have object) bool {
	if uid := wanted.text("uid"); uid != "" {
		return uid == have.text("uid") && wanted["recurrenceId"] == have["recurrenceId"]
	}
	return reflect.DeepEqual(wanted, have.without())
}
