// Package teav1 stands in for a module that no module proxy has: it shows a bubbletea model inside of Dagger's terminal interface.
// Only Dagger's interactive prompts need it and the lab asks none, so it draws the model and takes no keys.
package teav1

import (
	"strings"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/vito/tuist"
)

// Wrap is a tuist component that draws a bubbletea model.
type Wrap struct {
	tuist.Compo
	model tea.Model
}

// New wraps model.
func New(model tea.Model) *Wrap {
	return &Wrap{model: model}
}

// OnQuit would register what happens after the model quits: without keys it never does.
func (*Wrap) OnQuit(func()) {}

// Render draws the model, line by line.
func (w *Wrap) Render(ctx tuist.Context) {
	ctx.Lines(strings.Split(w.model.View(), "\n")...)
}
