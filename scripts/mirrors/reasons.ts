import type { Reason } from "./find_mirrors.ts";

const JOINS = "joins steps that have tests of their own: ";
const SHELLS =
  "one part of reading a shell line: tests/datalad/values_in_commands_test.ts, by real shells";

/** Why some modules with logic have no test at tests/<same path>_test.ts. The first that fits counts. */
const LOST_ANSWERS =
  "tests/fake_slurm/trouble/lost_answers_test.ts, with a Slurm that loses answers";

export const REASONS: readonly Reason[] = [
  {
    path: "src/datalad/shell_text.ts",
    reason: "one value: tests/datalad/values_in_commands_test.ts, by real shells",
  },
  {
    path: "src/worktrees/",
    reason:
      "what is on disk, in git and in the store: tests/engine/onto_test.ts, killed at each step, too",
  },
  ...["finish/finish_onto", "reschedule/onto", "verify/run_again"].map((name) => ({
    path: `src/commands/${name}.ts`,
    reason: `${JOINS}tests/engine/onto_test.ts, tests/e2e/seed_workflow_test.ts`,
  })),
  ...["look_at_others", "own_claims", "share_claims", "show_claims"].map((name) => ({
    path: `src/claims/shared/${name}.ts`,
    reason: "two clones and a remote: tests/engine/shared_claims_test.ts, by real git",
  })),
  {
    path: "src/crate/",
    reason: "what is in the crate: tests/crate/export_crate_test.ts, by whole histories, and " +
      "profile_test.ts, by the specifications",
  },
  ...["file_commits", "renames"].map((name) => ({
    path: `src/provenance/${name}.ts`,
    reason: "what git finds in a history: tests/provenance/origins_test.ts",
  })),
  {
    path: "src/provenance/lost_runs.ts",
    reason: "where a lineage goes on after a squash: tests/provenance/lineage_test.ts",
  },
  {
    path: "src/provenance/committed_versions.ts",
    reason: "where git has what evidence names: tests/provenance/run_inputs_test.ts",
  },
  ...["find_writer_of_path", "target"].map((name) => ({
    path: `src/provenance/${name}.ts`,
    reason: "tests/provenance/find_target_test.ts",
  })),
  {
    path: "src/commands/doctor/finding.ts",
    reason: "a finding made of an error: tests/commands/doctor/checks, doctor_test.ts",
  },
  { path: "src/commands/export/export.ts", reason: "tests/crate/export_crate_test.ts" },
  {
    path: "src/annex/where_is.ts",
    reason: "git-annex's own answers: tests/crate/export_crate_test.ts, where it is missing, too",
  },
  {
    path: "src/commands/*/definition.ts",
    reason: "options and help as data: tests/cli/help_test.ts has all of it as it is shown",
  },
  {
    path: "src/fake_slurm/",
    reason: "judged by what its programs print: tests/conformance against real Slurms, " +
      "tests/fake_slurm program by program",
  },
  {
    path: "src/recordings/",
    reason: "judged by what is recorded and replayed: tests/recordings, with real programs",
  },

  // The outermost layer: what it wires is only there in the whole program.
  {
    path: "src/cli/run_cli.ts",
    reason:
      "the whole program: tests/cli/result_records_test.ts, help_test.ts and all of tests/e2e",
  },
  { path: "src/cli/program.ts", reason: "commands as data: tests/cli/help_test.ts" },
  { path: "src/cli/real_environment.ts", reason: "the real environment: all of tests/e2e" },
  {
    path: "src/cli/global_options.ts",
    reason: "options as data: tests/cli/result_records_test.ts",
  },
  {
    path: "src/cli/usage_errors.ts",
    reason: "tests/cli/result_records_test.ts, wherever -f stands",
  },
  { path: "src/cli/exit_code.ts", reason: "four numbers" },
  {
    path: "src/session/result_record.ts",
    reason: "fields that a record begins with: tests/cli/result_records_test.ts",
  },
  { path: "src/cli/run_forwarded.ts", reason: "tests/fake_slurm/programs_test.ts" },
  {
    path: "src/cli/run_standalone.ts",
    reason: "loads what does it: tests/cli/help_test.ts, man_page_test.ts, completion_test.ts, " +
      "tests/fake_slurm, tests/recordings",
  },
  {
    path: "src/cli/guides/texts.ts",
    reason: "the guides themselves: tests/cli/guides, tests/docs",
  },
  { path: "src/cli/version.ts", reason: "one line of text: tests/build/dlslurm_test.ts" },
  {
    path: "src/cli/completion/",
    reason: "shells run the scripts and show the candidates: tests/cli/completion_test.ts",
  },

  // Commands: options put to engines that have tests of their own.
  { path: "src/commands/adopt/adopt.ts", reason: "tests/e2e/adopt" },
  { path: "src/commands/adopt/adopt_file.ts", reason: "tests/engine/handover_test.ts" },
  { path: "src/commands/handover/handover.ts", reason: "tests/engine/handover_test.ts" },
  { path: "src/handover/write_handover.ts", reason: "tests/engine/handover_test.ts" },
  { path: "src/handover/adopt_handover.ts", reason: "tests/engine/handover_test.ts" },
  { path: "src/store/handovers.ts", reason: "tests/engine/handover_test.ts" },
  {
    path: "src/commands/finish/finish.ts",
    reason: "tests/e2e/finish_shapes_test.ts, tests/engine",
  },
  ...["finish_open_jobs", "select_named"].map((name) => ({
    path: `src/commands/finish/${name}.ts`,
    reason: `${JOINS}tests/engine, tests/e2e/finish_shapes_test.ts`,
  })),
  {
    path: "src/commands/finish/close_job.ts",
    reason: "tests/engine/alt_dir_test.ts, absent_outputs_test.ts, tests/e2e/finish_shapes_test.ts",
  },
  {
    path: "src/commands/finish/commit_ended.ts",
    reason: "tests/engine/late_accounting_test.ts, tests/e2e/finish_shapes_test.ts",
  },
  { path: "src/fs/late_files.ts", reason: "tests/engine/late_accounting_test.ts" },
  { path: "src/slurm/decide_entries.ts", reason: "tests/slurm/ask_slurm_test.ts" },
  { path: "src/submit/note_environment.ts", reason: "tests/submit/fetch_log_paths_test.ts" },
  { path: "src/submit/fill_gaps.ts", reason: "tests/e2e/missing_logs_test.ts" },
  { path: "src/slurm/attempts_again.ts", reason: "tests/slurm/ask_slurm_test.ts" },
  { path: "src/submit/judge_predecessors.ts", reason: "tests/submit/find_predecessors_test.ts" },
  {
    path: "src/commands/finish/further_outputs.ts",
    reason: "tests/engine/declared_outputs_test.ts, tests/e2e/finish_shapes_test.ts",
  },
  {
    path: "src/commands/finish/finish_waiting_rows.ts",
    reason: "tests/e2e/bulk, tests/engine/bulk_crash_test.ts",
  },
  { path: "src/sqlite/explain_store_error.ts", reason: "tests/sqlite/open_store_test.ts" },
  { path: "src/store/store_part.ts", reason: "what the parts of the store share" },
  {
    path: "src/commands/schedule/place_command.ts",
    reason: `${JOINS}tests/submit/command_place_test.ts, use_container_test.ts`,
  },
  { path: "src/commands/list/list_options.ts", reason: "types, and one number" },
  {
    path: "src/commands/list/find_jobs.ts",
    reason: "tests/commands/list/list_test.ts, tests/engine/onto_test.ts",
  },
  ...["describe_jobs", "note_others", "show_jobs"].map((name) => ({
    path: `src/commands/list/${name}.ts`,
    reason: "tests/commands/list/list_test.ts",
  })),
  {
    path: "src/commands/recover/recover.ts",
    reason: "tests/engine/crash_test.ts, lost_answers_test.ts",
  },
  {
    path: "src/commands/reschedule/outside_script.ts",
    reason: "tests/engine/onto_test.ts",
  },
  {
    path: "src/commands/reschedule/files_today.ts",
    reason: "tests/commands/reschedule/changed_inputs_test.ts",
  },
  {
    path: "src/commands/reschedule/group_runs.ts",
    reason: "tests/engine/reschedule_array_test.ts",
  },
  {
    path: "src/commands/reschedule/submit_arrays.ts",
    reason: "tests/engine/reschedule_array_test.ts",
  },
  ...["planning", "notice_changes", "repeat_runs", "report_runs", "reschedule", "submit_runs"].map(
    (name) => ({
      path: `src/commands/reschedule/${name}.ts`,
      reason: "tests/engine/reschedule_strangers_test.ts, tests/e2e/changed_inputs_test.ts",
    }),
  ),
  {
    path: "src/commands/finish/part_arrays.ts",
    reason: "tests/engine/completed_tasks_test.ts",
  },
  {
    path: "src/commands/schedule/task_outputs.ts",
    reason: "tests/engine/completed_tasks_test.ts, retry_test.ts",
  },
  {
    path: "src/commands/reschedule/write_script.ts",
    reason: "tests/engine/reschedule_chains_test.ts, which runs the script",
  },
  ...["plan_failed", "report_left", "retry", "select_jobs"].map((name) => ({
    path: `src/commands/retry/${name}.ts`,
    reason: "tests/engine/retry_test.ts, by the whole program, two of it at once too",
  })),
  {
    path: "src/commands/schedule/schedule.ts",
    reason: "tests/e2e/bad_input, tests/engine/crash_test.ts",
  },
  {
    path: "src/commands/schedule/schedule_options.ts",
    reason: "options against each other: tests/e2e/bad_input/options_test.ts",
  },
  {
    path: "src/commands/schedule/schedule_table.ts",
    reason: "tests/e2e/bulk/schedule_table_test.ts",
  },
  { path: "src/commands/schedule/check_table.ts", reason: "tests/e2e/bulk/schedule_table_test.ts" },

  // What only shows in datasets with jobs: crashes, users at work, subdatasets.
  { path: "src/commit/stashed_outputs.ts", reason: "tests/engine/away_files_test.ts" },
  {
    path: "src/commit/tasks_of_array.ts",
    reason: "tests/engine/completed_tasks_test.ts",
  },
  ...["commit_jobs", "commit_outcomes"].map((name) => ({
    path: `src/commit/${name}.ts`,
    reason: `${JOINS}tests/engine/crash_shapes_test.ts, shapes_test.ts`,
  })),
  {
    path: "src/commit/finish_completed.ts",
    reason: `${JOINS}tests/engine/declared_outputs_test.ts, absent_outputs_test.ts`,
  },
  {
    path: "src/commit/job_message.ts",
    reason: "tests/engine/evidence_test.ts, tests/e2e: what git log says",
  },
  {
    path: "src/commit/report_commits.ts",
    reason: "tests/cli/result_records_test.ts, tests/e2e/finish_shapes_test.ts",
  },
  {
    path: "src/commit/stage_outputs.ts",
    reason: "tests/engine/oracle_test.ts beside datalad save, changing_outputs_test.ts",
  },
  {
    path: "src/commit/select_outputs.ts",
    reason:
      "tests/engine/awkward_outputs_test.ts, declared_outputs_test.ts, absent_outputs_test.ts",
  },
  { path: "src/commit/stage_datasets.ts", reason: "tests/engine/subdatasets_test.ts" },
  { path: "src/commit/build_datasets.ts", reason: "tests/engine/subdatasets_test.ts" },
  { path: "src/commit/complete_moves.ts", reason: "tests/engine/crash_shapes_test.ts" },
  { path: "src/commit/recover_commits.ts", reason: "tests/engine/crash_shapes_test.ts" },
  {
    path: "src/commit/follow_index.ts",
    reason: "tests/engine/users_work_test.ts, concurrency_test.ts",
  },
  {
    path: "src/commit/take_out.ts",
    reason: "tests/engine/own_branches_test.ts, crash_shapes_test.ts",
  },
  {
    path: "src/commit/publish_commits.ts",
    reason: "tests/engine/concurrency_test.ts, branch_and_hooks_test.ts, own_branches_test.ts, " +
      "crash_shapes_test.ts: others move the branch, and the machine stops",
  },
  { path: "src/commit/free_branches.ts", reason: "tests/engine/own_branches_test.ts" },
  { path: "src/commit/relock.ts", reason: "tests/engine/unlocked_on_branches_test.ts" },
  { path: "src/commit/bring_back.ts", reason: "tests/engine/alt_dir_test.ts" },

  // What only shows when something is submitted and may be killed meanwhile.
  { path: "src/submit/planned_script.ts", reason: "tests/engine/retried_scripts_test.ts" },
  {
    path: "src/submit/retry/warn_of_scripts.ts",
    reason: "tests/engine/retried_scripts_test.ts",
  },
  { path: "src/store/split_array.ts", reason: "tests/engine/completed_tasks_test.ts" },
  {
    path: "src/submit/submit_job.ts",
    reason: `${JOINS}tests/engine/crash_test.ts, concurrency_test.ts`,
  },
  {
    path: "src/submit/run_submission.ts",
    reason:
      "tests/engine/lost_answers_test.ts, crash_test.ts, tests/e2e/bad_input/submission_test.ts",
  },
  { path: "src/submit/find_submissions.ts", reason: LOST_ANSWERS },
  { path: "src/submit/settle_submissions.ts", reason: LOST_ANSWERS },
  {
    path: "src/submit/prepare_files.ts",
    reason: "tests/e2e/fetch_inputs_test.ts, overwritten_outputs_test.ts, with git-annex",
  },
  { path: "src/submit/require_subdatasets.ts", reason: "tests/engine/subdatasets_datalad_test.ts" },
  {
    path: "src/submit/rows/bulk_run.ts",
    reason: "tests/engine/bulk_crash_test.ts, bulk_interruption_test.ts",
  },
  { path: "src/submit/rows/bulk_single.ts", reason: "tests/engine/bulk_crash_test.ts" },
  { path: "src/submit/rows/bulk_array.ts", reason: "tests/e2e/bulk/array_rows_test.ts" },
  { path: "src/submit/rows/submit_waiting.ts", reason: "tests/engine/bulk_crash_test.ts" },
  { path: "src/submit/rows/follow_predecessors.ts", reason: "tests/engine/after_test.ts" },

  { path: "src/shell/command_words.ts", reason: SHELLS },
  { path: "src/shell/line_facts.ts", reason: SHELLS },
  { path: "src/shell/shell_frames.ts", reason: SHELLS },
  { path: "src/datalad/shell_filler.ts", reason: SHELLS },
  { path: "src/shell/shell_reader.ts", reason: SHELLS },
  { path: "src/shell/simple_command.ts", reason: SHELLS },
  {
    path: "src/annex/git_annex.ts",
    reason: "what git-annex says: tests/annex/add_files_test.ts and ingest_files_test.ts, with it",
  },
  ...["heed_locks", "mention_jobs"].map((name) => ({
    path: `src/extension/${name}.ts`,
    reason: "tests/extension/jobs_test.ts, tests/e2e with databases of the extension",
  })),
  { path: "src/process/runner.ts", reason: "types and errors: tests/process/deno_runner_test.ts" },
  { path: "src/store/schema.ts", reason: "one SQL text: tests/store/query_plan_test.ts" },

  // A report: what it is made of is tested, what is drawn is seen in a browser.
  {
    path: "src/report/page/",
    reason: "one page: tests/report/page/page_test.ts opens it in a real browser",
  },
  {
    path: "src/report/",
    reason: "gathers what engines know: tests/commands/report/report_test.ts, by the whole program",
  },
];
