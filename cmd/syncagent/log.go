package main

import (
	"io"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"syncagent/internal/config"
)

// logger builds the log of a command on standard error. Flags count before the
// configuration. It never samples: a line that is missing would mislead.
func (g *globals) logger(settings config.Log) *zap.Logger {
	level := zapcore.InfoLevel
	switch name := g.effectiveLevel(settings); name {
	case config.LevelDebug:
		level = zapcore.DebugLevel
	case config.LevelWarn:
		level = zapcore.WarnLevel
	case config.LevelError:
		level = zapcore.ErrorLevel
	case config.LevelInfo:
	}
	format := settings.Format
	if g.logFormat != "" {
		format = config.LogFormat(g.logFormat)
	}
	if format != config.LogConsole && format != config.LogJSON {
		format = config.LogJSON
		if isTerminal(g.streams.err) {
			format = config.LogConsole
		}
	}
	return newLogger(g.streams.err, level, format, g.useColor(g.streams.err))
}

func (g *globals) effectiveLevel(settings config.Log) config.LogLevel {
	switch {
	case g.logLevel != "":
		return config.LogLevel(g.logLevel)
	case g.verbose:
		return config.LevelDebug
	case g.quiet:
		return config.LevelWarn
	default:
		return settings.Level
	}
}

func newLogger(w io.Writer, level zapcore.Level, format config.LogFormat, color bool) *zap.Logger {
	encoding := zapcore.EncoderConfig{
		TimeKey: "time", LevelKey: "level", NameKey: "logger", MessageKey: "msg",
		LineEnding:     zapcore.DefaultLineEnding,
		EncodeLevel:    zapcore.LowercaseLevelEncoder,
		EncodeTime:     utcTime,
		EncodeDuration: zapcore.StringDurationEncoder,
		EncodeName:     zapcore.FullNameEncoder,
	}
	encoder := zapcore.NewJSONEncoder(encoding)
	if format == config.LogConsole {
		if color {
			encoding.EncodeLevel = zapcore.LowercaseColorLevelEncoder
		}
		encoding.ConsoleSeparator = "  "
		encoder = zapcore.NewConsoleEncoder(encoding)
	}
	// A log that cannot be written must not stop the work, nor be told about on
	// the stream that just failed; so errors of the sink are dropped.
	return zap.New(zapcore.NewCore(encoder, zapcore.Lock(zapcore.AddSync(w)), level),
		zap.ErrorOutput(zapcore.AddSync(io.Discard)))
}

func utcTime(t time.Time, enc zapcore.PrimitiveArrayEncoder) {
	enc.AppendString(t.UTC().Format(time.RFC3339))
}
