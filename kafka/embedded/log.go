package embedded

import (
	"context"
	"fmt"
	"log/slog"
	"strings"

	"github.com/twmb/franz-go/pkg/kfake"
)

// brokerLog passes kfake's log on, one level quieter where it tells of every request.
type brokerLog struct{ log *slog.Logger }

func (l brokerLog) Logf(level kfake.LogLevel, format string, args ...any) {
	at := slog.LevelDebug
	switch level {
	case kfake.LogLevelError:
		at = slog.LevelError
	case kfake.LogLevelWarn:
		at = slog.LevelWarn
	case kfake.LogLevelNone, kfake.LogLevelInfo, kfake.LogLevelDebug:
	}
	if ctx := context.Background(); l.log.Enabled(ctx, at) {
		l.log.Log(ctx, at, "embedded broker: "+strings.TrimSpace(fmt.Sprintf(format, args...)))
	}
}
