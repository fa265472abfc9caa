package agent

import (
	"context"
	"fmt"
	"slices"

	"go.uber.org/zap"

	"syncagent/internal/config"
	"syncagent/internal/reconcile"
	"syncagent/internal/stalwart"
)

// dialServer connects to the mail server of the configuration.
func dialServer(ctx context.Context, c config.Server, log *zap.Logger) (stalwart.Server, error) {
	key, err := c.TLS.ClientKey.Path()
	if err != nil {
		return nil, fmt.Errorf("server.tls.client_key: %w", err)
	}
	o := stalwart.Options{
		URL: c.URL, Username: c.Username, Rate: c.Rate,
		Timeout: c.Timeout.Std(), DeleteTimeout: c.DeleteTimeout.Std(), Generation: c.Generation,
		TLS: stalwart.TLSOptions{
			CAFile: c.TLS.CAFile, ClientCert: c.TLS.ClientCert, ClientKey: key,
			ServerName: c.TLS.ServerName, InsecureSkipVerify: c.TLS.InsecureSkipVerify,
		},
		Observe: func(call stalwart.Call) {
			log.Debug("mail server called", zap.Strings("methods", call.Methods), zap.String("path", call.Path),
				zap.Int("status", call.Status), zap.Duration("duration", call.Duration), zap.String("curl", call.Curl), zap.Error(call.Err))
		},
	}
	if c.APIKey != nil {
		o.APIKey = c.APIKey.Read
	}
	if c.Password != nil {
		o.Password = c.Password.Read
	}
	return stalwart.Dial(ctx, o)
}

// abilities says what the decider may count on.
func abilities(info stalwart.Info) reconcile.Can {
	return reconcile.Can{
		Rename: info.Can.Rename, Delete: info.Can.Delete, Purge: info.Can.Purge,
		Suspend: info.Can.Suspend, Look: info.Can.Twin,
		NeverRename: slices.Contains(info.Never, "rename"), NeverDelete: slices.Contains(info.Never, "delete"),
		GroupsHidden: info.SlowListing,
	}
}
