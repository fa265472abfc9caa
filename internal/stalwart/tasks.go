package stalwart

import (
	"context"
	"errors"
	"fmt"
	"time"

	"syncagent/internal/reconcile"
)

// task is an x:Task as far as it is watched. A task that succeeded is gone; one
// that failed stays for ever.
type task struct {
	ID              string              `json:"id"`
	Type            string              `json:"@type"`
	AccountID       reconcile.AccountID `json:"accountId"`
	MaintenanceType string              `json:"maintenanceType"`
	Due             time.Time           `json:"due"`
	Status          taskStatus          `json:"status"`
}

type taskStatus struct {
	Type          string    `json:"@type"`
	CreatedAt     time.Time `json:"createdAt"`
	Due           time.Time `json:"due"`
	FailureReason string    `json:"failureReason"`
}

func (t task) objectID() string { return t.ID }
func (t task) failed() bool     { return t.Status.Type == "Failed" }

// mostTasks is the largest number of tasks that one query gives
// (queryMaxResults); as many as that may not be all.
const mostTasks = 5000

// tasks reads all tasks of a type. ended tells that some of them ended while
// they were read: a task that ends may have queued others.
func (s *jmapServer) tasks(ctx context.Context, kind string) (list []task, ended bool, err error) {
	answers, err := s.do(ctx, false, call{"x:Task/query", args{"filter": args{"@type": kind}, "limit": mostTasks}})
	if err != nil {
		return nil, false, err
	}
	var found queryAnswer
	if err := answers[0].decode(&found); err != nil {
		return nil, false, err
	}
	if len(found.IDs) >= mostTasks {
		return nil, false, &RefusedError{Type: "tooManyTasks", Detail: fmt.Sprintf("%d or more tasks are queued or failed", mostTasks)}
	}
	byKey, _, err := getObjects[task](ctx, s, "x:Task", found.IDs,
		[]string{"id", "@type", "accountId", "maintenanceType", "due", "status"})
	if err != nil {
		return nil, false, err
	}
	for _, id := range found.IDs {
		if t, ok := byKey[id]; ok && t.Type == kind {
			list = append(list, t)
		}
	}
	return list, len(byKey) < len(found.IDs), nil
}

// until gives the end of a wait: the context's deadline, or a time from now.
func until(ctx context.Context, longest time.Duration) time.Time {
	end := time.Now().Add(longest)
	if deadline, ok := ctx.Deadline(); ok && deadline.Before(end) {
		return deadline
	}
	return end
}

// watch calls look until it says that it is done, with growing pauses. It gives
// false when the time is up, and an error if look fails or the context is
// cancelled before.
func (s *jmapServer) watch(ctx context.Context, look func(context.Context) (bool, error)) (bool, error) {
	const longestPoll = 5 * time.Second
	end := until(ctx, s.deleteTimeout)
	for pause := s.poll; ; pause = min(2*pause, longestPoll) {
		done, err := look(ctx)
		timeUp := !time.Now().Before(end)
		if timeUp || errors.Is(err, context.DeadlineExceeded) {
			return done, nil // the time may have run out during the look
		}
		if err != nil || done {
			return done, err
		}
		left := time.Until(end)
		if left <= 0 {
			return false, nil
		}
		timer := time.NewTimer(min(pause, left))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			if !time.Now().Before(end) {
				return false, nil
			}
			return false, ctx.Err()
		}
	}
}
