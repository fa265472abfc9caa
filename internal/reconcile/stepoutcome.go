package reconcile

// StepOutcomeOf names the outcome of a step for journal and audit log: done,
// dropped (kept back without a failure) or failed.
func StepOutcomeOf(done, kept bool) string {
	switch {
	case done:
		return string(OutcomeDone)
	case kept:
		return string(OutcomeDropped)
	}
	return string(OutcomeFailed)
}
