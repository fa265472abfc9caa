package stalwart

import (
	"context"
	"errors"
)

// dial connects to a server that must be of 0.16 or later.
func dial(ctx context.Context, o Options) (*jmapServer, error) {
	s, err := Dial(ctx, o)
	if err != nil {
		return nil, err
	}
	j, ok := s.(*jmapServer)
	if !ok {
		s.Close()
		return nil, errors.New("the server is of another generation")
	}
	return j, nil
}
