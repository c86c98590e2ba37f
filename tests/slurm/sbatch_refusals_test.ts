import assert from "node:assert/strict";
import {
  findMissingProgram,
  isCertainRefusal,
  isTestOnly,
} from "../../src/slurm/sbatch_refusals.ts";
import { readRecording as readCalls } from "../../src/recordings/read_recording.ts";
import { caseFolder } from "../recordings/slurm_recordings.ts";
import { VERSIONS } from "../support/slurm_fixtures.ts";
import { readRecording } from "./recordings.ts";

function isRefusal(stderr: string, code = 1, command = "sbatch job.sh"): boolean {
  return isCertainRefusal({ command, code, stderr: `${stderr}\n` });
}

const failed = (text: string) => `sbatch: error: Batch job submission failed: ${text}`;

for (const version of VERSIONS) {
  Deno.test(`isCertainRefusal() holds for what Slurm ${version} refused`, async () => {
    for (const name of ["sbatch_bad_partition", "sbatch_no_script"]) {
      const { stderr, code } = readRecording(version, name);
      assert.equal(isRefusal(stderr, code), true, stderr);
    }
    for (const name of ["invalid_partition", "submit_limits"]) {
      const { calls } = await readCalls(caseFolder(version, name));
      const refused = calls.filter(({ argv, exitCode }) => argv[0] === "sbatch" && exitCode !== 0);
      assert(refused.length > 0);
      for (const { stderr, exitCode } of refused) {
        assert.equal(isRefusal(stderr, exitCode), true, stderr);
      }
    }
  });
}

/** What Slurm 22.05 and 24.11 print, tried by hand. */
const REFUSED: readonly (readonly [string, number])[] = [
  [failed("Unable to contact slurm controller (connect failure)"), 1],
  [
    `sbatch: error: QOSMaxSubmitJobPerUserLimit\n${
      failed(
        "Job violates accounting/QOS policy (job submit limit, user's size and/or time limits)",
      )
    }`,
    1,
  ],
  [`sbatch: error: ask for memory\n${failed("Unspecified error")}`, 1],
  [
    "sbatch: error: Slurm temporarily unable to accept job, sleeping and retrying\n" +
    failed("Resource temporarily unavailable"),
    1,
  ],
  [
    'sbatch: error: Munge encode failed: Failed to access "/run/munge/munge.socket.2"\n' +
    failed("Protocol authentication error"),
    1,
  ],
  [
    `sbatch: error: Slurm job queue full, sleeping and retrying\n${
      failed("Unable to create job record, try again")
    }`,
    1,
  ],
  ["sbatch: error: Invalid --time specification", 255],
  ["sbatch: option '--time' requires an argument", 255],
  ['sbatch: error: Invalid numeric value "none" for --ntasks.', 1],
  ["sbatch: unrecognized option '--bogus'\nTry \"sbatch --help\" for more information", 255],
  ['sbatch: error: "x" is not a valid node count', 255],
  ["sbatch: error: Invalid generic resource (gres) specification", 1],
  ["sbatch: fatal: --mem, --mem-per-cpu, and --mem-per-gpu are mutually exclusive.", 1],
  ["sbatch: error: Unable to open file job.sh", 1],
  ["sbatch: error: This does not look like a batch script.  The first", 1],
  ["sbatch: error: Batch script is empty!", 1],
  ["sbatch: error: Batch script contains DOS line breaks (\\r\\n)", 1],
  ["sbatch: error: Script arguments not permitted with --wrap option", 1],
  ["sbatch: error: No cluster 'nosuch' known by database.", 1],
  [
    "sbatch: error: ClusterName needs to be specified\nsbatch: fatal: Unable to process configuration file",
    1,
  ],
  ["allocation failure: Invalid partition name specified", 1],
  ["ssh: connect to host login1 port 22: Connection refused", 255],
  ["ssh: connect to host login1 port 22: Connection timed out", 255],
  ["/bin/sh: 1: sbatch: not found", 127],
  ["./mysubmit.sh: line 3: sbatch: command not found", 127],
  ["./mysubmit.sh: line 3: sbatch: command not found", 1],
];

for (const [stderr, code] of REFUSED) {
  Deno.test(`isCertainRefusal() holds for "${stderr.split("\n").at(-1)}"`, () => {
    assert.equal(isRefusal(stderr, code), true);
  });
}

/** They come after the request was sent, or nobody knows. */
const UNCLEAR: readonly (readonly [string, number])[] = [
  ...[
    "Socket timed out on send/recv operation",
    "Zero Bytes were transmitted or received",
    "Unable to contact slurm controller (send failure)",
    "Unable to contact slurm controller (receive failure)",
    "Unable to contact slurm controller (shutdown failure)",
    "Message receive failure",
    "Header lengths are longer than data received",
    "Unexpected message received",
    "Protocol authentication error",
    "Resource temporarily unavailable",
    "Connection timed out",
    "words of a Slurm to come",
  ].map((text) => [failed(text), 1] as const),
  [failed("Socket timed out on send/recv operation"), 255],
  ["sbatch: error: slurm_receive_msg: Connection reset by peer", 1],
  ["Connection to login1 closed by remote host.", 255],
  ["sbatch: error: Slurm temporarily unable to accept job, sleeping and retrying", 255],
  ["./mysubmit.sh: line 9: notify: command not found", 127],
  // The connection broke; before that sbatch, or a plugin, had something to say.
  ["sbatch: error: spank: x11 not available\nclient_loop: send disconnect: Broken pipe", 255],
  ["sbatch: error: spank: x11 not available", 255],
  ["sbatch: error: Invalid --mail-type specification\nConnection reset by 10.0.0.1 port 22", 255],
  ["sbatch: error: Invalid --mail-type specification\nTimeout, server login1 not responding.", 255],
  ["sbatch: unknown partition hint", 255],
  ["sbatch: error: Invalid --mail-type specification\nslurm_receive_msg: Zero Bytes", 1],
  // An earlier request was not answered.
  [
    `${failed("Socket timed out on send/recv operation")}\n${
      failed("Invalid partition name specified")
    }`,
    1,
  ],
  [`${failed("Invalid qos specification")}\n${failed("Duplicate job id")}`, 1],
  [
    "sbatch: error: Slurm controller not responding, sleeping and retrying.\n" +
    failed("Duplicate job id"),
    1,
  ],
  [`Submitted batch job 7\n${failed("Invalid partition name specified")}`, 1],
  ["Traceback (most recent call last):", 1],
  ["", 1],
  ["", 255],
];

for (const [stderr, code] of UNCLEAR) {
  Deno.test(`isCertainRefusal() does not hold for ${code} and "${stderr}"`, () => {
    assert.equal(isRefusal(stderr, code), false);
  });
}

/** Of several sbatch one may have been silent. */
const NOT_SOLE = [
  "sbatch -Q a.sh && sbatch -p bad b.sh",
  "sbatch a.sh || sbatch -p bad b.sh",
  "sbatch a.sh >id; PATH=/nope; sbatch a.sh",
  "./mysubmit.sh job.sh",
  "sh -c 'sbatch job.sh'",
  "ssh login1 'sbatch -Q a.sh; sbatch b.sh'",
];

Deno.test("isCertainRefusal() does not hold for a command that is more than one sbatch", () => {
  for (const command of NOT_SOLE) {
    for (const [stderr, code] of REFUSED) {
      assert.equal(isRefusal(stderr, code, command), false, `${command}: ${stderr}`);
    }
  }
});

Deno.test("isTestOnly() recognises the answer to --test-only, and that nothing else was run", () => {
  const stderr = "sbatch: Job 99 to start at 2026-11-28T19:00:00 using 1 processors on nodes n01\n";

  assert.equal(isTestOnly({ command: "sbatch --test-only a.sh", stderr }), true);
  assert.equal(isTestOnly({ command: "sbatch a.sh", stderr: "Submitted batch job 99\n" }), false);
  const two = "sbatch --test-only a.sh && sbatch -Q a.sh";
  assert.equal(isTestOnly({ command: two, stderr }), false);
});

Deno.test("isCertainRefusal() holds where the command's one program is not there", () => {
  const said = "/bin/sh: 1: ./mysubmit.sh: not found";

  assert.equal(isRefusal(said, 127, "./mysubmit.sh job.sh"), true);
  assert.equal(
    isRefusal("/bin/sh: 1: ./mysubmit.sh: Permission denied", 126, "./mysubmit.sh"),
    true,
  );
  assert.equal(isRefusal(said, 127, "sbatch job.sh >/dev/null; ./mysubmit.sh"), false);
  assert.equal(isRefusal(said, 127, "./other.sh ./mysubmit.sh"), false);
  assert.equal(isRefusal("sh: 1: foo: not found", 127, "sh -c 'sbatch job.sh; foo'"), false);
  assert.equal(isRefusal("sh: 1: foo: not found", 127, "A=b foo >log 2>&1"), true);
});

Deno.test("findMissingProgram() reads what shells say", () => {
  const names = [
    ["/bin/sh: 1: ./my submit.sh: not found", "./my submit.sh"],
    ["/bin/sh: line 1: ./mysubmit.sh: No such file or directory", "./mysubmit.sh"],
    ["/bin/sh: line 1: foo: command not found", "foo"],
    ["sh: foo: not found", "foo"],
    ["./mysubmit.sh: 3: foo: not found", "foo"],
    ["a warning\n./mysubmit.sh: 3: foo: not found\n", "foo"],
    ["/usr/bin/env: ‘python9’: No such file or directory", "python9"],
    ["./mysubmit.sh: 3: foo: not found\nbash: sbatch: command not found", "sbatch"],
  ] as const;
  for (const [stderr, name] of names) {
    assert.equal(findMissingProgram({ command: "a b", code: 127, stderr })?.name, name);
  }
  const stderr = "sbatch: error: Unable to open file job.sh";
  assert.equal(findMissingProgram({ command: "a b", code: 1, stderr }), undefined);
});

/** Where people speak something else bash does, too: its catalogues of messages, 5.2. */
const TRANSLATED = [
  (name: string) => `/bin/sh: Zeile 1: ${name}: Kommando nicht gefunden.`,
  (name: string) => `/bin/sh: ligne 1: ${name} : commande introuvable`,
  (name: string) => `/bin/sh: 行 1: ${name}: コマンドが見つかりません`,
  (name: string) => `/bin/sh：行 1：${name}：未找到命令`,
  (name: string) =>
    `/bin/sh: Zeile 1: ${name}: /no/such: Defekter Interpreter: Datei nicht gefunden`,
];

Deno.test("findMissingProgram() knows the command's program and sbatch in any language", () => {
  for (const translated of TRANSLATED) {
    for (const name of ["./mysubmit.sh", "sbatch"]) {
      const failed = { command: `${name} job.sh`, code: 127, stderr: `${translated(name)}\n` };
      assert.deepEqual(findMissingProgram(failed), { name, isCommand: true });
      assert.equal(isCertainRefusal(failed), true);
    }
  }
  const within = "./mysubmit.sh: Zeile 3: sbatch: Kommando nicht gefunden.\n";
  const script = { command: "./mysubmit.sh job.sh", code: 127, stderr: within };
  assert.deepEqual(findMissingProgram(script), { name: "sbatch", isCommand: false });
  assert.equal(isRefusal(within, 127, "ssh login1 sbatch job.sh"), true);
});

Deno.test("isCertainRefusal() does not take what a script says of sbatch for a shell's words", () => {
  for (
    const stderr of [
      "INFO: sbatch: submitted",
      "./mysubmit.sh: sbatch: failed",
      "12:00:05: sbatch: submitted",
      "sh: line 3: sbatch: submitted job 5",
      "./mysubmit.sh: Zeile 9: melde: Kommando nicht gefunden.",
      "sh: 1: melde: not found",
    ]
  ) {
    assert.equal(isRefusal(stderr, 127, "./mysubmit.sh job.sh"), false, stderr);
  }
});
