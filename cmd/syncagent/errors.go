package main

import (
	"encoding/json"
	"errors"
	"fmt"

	"syncagent/internal/config"
)

// errorObject is an error for machines, printed with --json.
type errorObject struct {
	Error errorBody `json:"error"`
}

type errorBody struct {
	Code     exitCode         `json:"code"`
	Message  string           `json:"message"`
	Hint     string           `json:"hint,omitempty"`
	Problems []config.Problem `json:"problems,omitempty"`
}

func isConfigError(err error) bool {
	var problems *config.ProblemsError
	return errors.As(err, &problems)
}

// printError tells an error on standard error; a quiet exit tells nothing.
func (g *globals) printError(code exitCode, err error) {
	var coded *exitError
	if err == nil || errors.As(err, &coded) && coded.err == nil {
		return
	}
	body := errorBody{Code: code, Message: err.Error()}
	if code == exitInterrupted {
		body.Message = "interrupted"
	}
	var hinted interface{ Hint() string }
	if errors.As(err, &hinted) {
		body.Hint = hinted.Hint()
	}
	if problems, ok := errors.AsType[*config.ProblemsError](err); ok {
		body.Problems = problems.Problems
		body.Message = problemCount(problems)
	}
	if g.wantsJSON() {
		data, jsonErr := json.Marshal(errorObject{body})
		if jsonErr == nil {
			_, _ = fmt.Fprintf(g.streams.err, "%s\n", data)
			return
		}
	}
	for _, p := range body.Problems {
		_, _ = fmt.Fprintln(g.streams.err, p)
	}
	_, _ = fmt.Fprintln(g.streams.err, "syncagent: "+body.Message)
	if body.Hint != "" {
		_, _ = fmt.Fprintln(g.streams.err, "hint: "+body.Hint)
	}
}

func problemCount(e *config.ProblemsError) string {
	file := e.Problems[0].File
	if len(e.Problems) == 1 {
		return "1 problem in the configuration " + file
	}
	return fmt.Sprintf("%d problems in the configuration %s", len(e.Problems), file)
}
