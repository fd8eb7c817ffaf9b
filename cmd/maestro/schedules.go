package main

import (
	"context"
	"fmt"
	"net/http"

	"github.com/spf13/cobra"

	"maestro/internal/apiclient"
	"maestro/internal/terminal"
)

type shownSchedule struct {
	ID         string  `json:"id"`
	Name       string  `json:"name"`
	Function   string  `json:"function_name"`
	Expression string  `json:"cron_expression"`
	Timezone   string  `json:"timezone"`
	IsActive   bool    `json:"is_active"`
	NextRun    string  `json:"next_run"`
	LastRun    string  `json:"last_run"`
	LastStatus string  `json:"last_status"`
	Problem    *string `json:"problem"`
}

func (a *app) schedulesCommand() *cobra.Command {
	group := &cobra.Command{
		Use:   "schedules",
		Short: "list, run, pause and resume schedules",
		Long:  "A schedule runs a function at set times. functions push creates those of a folder.",
	}
	list := &cobra.Command{
		Use:   "list",
		Short: "list schedules with their next and last runs",
		Long:  "Lists the schedules by name, with their next and last runs in UTC.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return listAs(cmd, a, "/schedules", nil, 0, showSchedules)
		},
	}
	run := &cobra.Command{
		Use:   "run NAME",
		Short: "run a schedule now, besides its times",
		Long:  "Runs a schedule now, besides its times, and prints the id of the execution.",
		Args:  takes(1, "NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := a.schedule(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			return changeAs(cmd, a, http.MethodPost, "/schedules/"+s.ID+"/run", nil, func(o *terminal.Out, run startedRun) {
				o.Printf("%s\n", run.ExecutionID)
			})
		},
	}
	group.AddCommand(list, run, a.switchSchedule("pause", "start no more runs of a schedule", false), a.switchSchedule("resume", "start the runs of a paused schedule again", true))
	return a.addClientFlags(group)
}

func (a *app) switchSchedule(name, short string, active bool) *cobra.Command {
	return &cobra.Command{
		Use:   name + " NAME",
		Short: short,
		Long:  "Sets is_active of the schedule. functions pull brings the change into the folder.",
		Args:  takes(1, "NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := a.schedule(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			return changeAs(cmd, a, http.MethodPut, "/schedules/"+s.ID, map[string]bool{"is_active": active}, func(o *terminal.Out, s shownSchedule) {
				showSchedules(o, []shownSchedule{s})
			})
		},
	}
}

// schedule finds a schedule by its name.
func (a *app) schedule(ctx context.Context, name string) (*shownSchedule, error) {
	c, err := a.connect()
	if err != nil {
		return nil, err
	}
	all, err := apiclient.List[shownSchedule](ctx, c, "/schedules", nil, 0)
	if err != nil {
		return nil, err
	}
	for i := range all {
		if all[i].Name == name {
			return &all[i], nil
		}
	}
	return nil, fmt.Errorf("there is no schedule %q; maestro schedules list names them", name)
}

func showSchedules(o *terminal.Out, all []shownSchedule) {
	var rows [][]terminal.Cell
	for i := range all {
		s := &all[i]
		state, style := "active", terminal.Green
		if !s.IsActive {
			state, style = "paused", terminal.Yellow
		}
		if s.Problem != nil {
			state, style = "problem", terminal.Red
		}
		text := ""
		if s.Problem != nil {
			text = *s.Problem
		}
		rows = append(rows, []terminal.Cell{
			{Text: s.Name, Style: terminal.Bold}, {Text: s.Function}, {Text: s.Expression + " " + s.Timezone}, {Text: state, Style: style},
			{Text: day(s.NextRun)}, {Text: day(s.LastRun)}, {Text: s.LastStatus}, {Text: text, Style: terminal.Red},
		})
	}
	o.Table([]string{"NAME", "FUNCTION", "TIMES", "STATE", "NEXT", "LAST", "RESULT", "PROBLEM"}, rows, "There are no schedules yet.")
}
