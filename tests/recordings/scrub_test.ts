import assert from "node:assert/strict";
import * as fc from "fast-check";
import type { Call } from "../../src/recordings/format.ts";
import type { RecorderIdentity } from "../../src/recordings/scrub/recorder_identity.ts";
import { scrubRecording } from "../../src/recordings/scrub/scrub_recording.ts";

const ADA: RecorderIdentity = {
  user: "ada",
  host: "login3",
  home: "/home/ada",
  work: ["/scratch/climate/ada/my data"],
  findings: [
    { kind: "user", name: "ada" },
    { kind: "host", name: "login#" },
    { kind: "uid", name: "1042" },
    { kind: "group", name: "climate" },
    { kind: "gid", name: "1042" },
  ],
};

interface Given {
  readonly argv?: readonly string[];
  readonly stdout?: string;
  readonly stderr?: string;
}

function scrub(given: readonly Given[], kept: string[] = [], more: string[] = []) {
  const calls: Call[] = given.map(({ argv = ["scontrol", "show"], stdout = "", stderr = "" }) => ({
    folder: "0001-x",
    atMs: 0,
    exitCode: 0,
    argv,
    stdout,
    stderr,
  }));
  return scrubRecording({ command: ["sh"], calls, files: [] }, ADA, kept, more);
}

function scrubText(stdout: string, argv?: readonly string[]): string {
  return scrub([{ stdout, ...(argv === undefined ? {} : { argv }) }]).calls[0]!.stdout;
}

interface Case {
  readonly name: string;
  readonly argv?: readonly string[];
  readonly text: string;
  readonly expected: string;
}

const CASES: readonly Case[] = [
  {
    name: "the user, also inside paths and compounds",
    text: "ada results/ada/x ada_run adagio nevada",
    expected: "user1 results/user1/x user1_run adagio nevada",
  },
  {
    name: "names and numbers of scontrol",
    text: "   UserId=bob(1500) GroupId=climate(1042) Account=phys-lab QOS=normal",
    expected: "   UserId=user2(10002) GroupId=group1(20001) Account=account1 QOS=normal",
  },
  {
    name: "a number only where it is a user's",
    text: "JobId=1042 UserId=ada(1042)\n1042|CANCELLED by 1042",
    expected: "JobId=1042 UserId=user1(10001)\n1042|CANCELLED by 10001",
  },
  {
    name: "nodes and keeps their digits",
    text: "   NodeList=taurus[01-03,07],gpu-b5 BatchHost=taurus01\n at taurus07",
    expected: "   NodeList=nodeb[01-03,07],nodec5 BatchHost=nodeb01\n at nodeb07",
  },
  {
    name: "the login host with its domain and session",
    text: "   Partition=batch AllocNode:Sid=login3.hpc.example.edu:4711",
    expected: "   Partition=batch AllocNode:Sid=node3.cluster.example:1",
  },
  {
    name: "home and work",
    text: "   Command=/home/ada/job.sh\n   WorkDir=/scratch/climate/ada/my data",
    expected: "   Command=/home/user1/job.sh\n   WorkDir=/data/work",
  },
  {
    name: "paths elsewhere, once for all below them",
    text: "   WorkDir=/projects/secret/run\n   StdOut=/projects/secret/run/logs/1.out\n" +
      "error: Unable to open file /projects/secret/run/x.sh",
    expected: "   WorkDir=/data/folder1\n   StdOut=/data/folder1/logs/1.out\n" +
      "error: Unable to open file /data/folder1/x.sh",
  },
  {
    name: "no path of the system",
    text: "StdIn=/dev/null\nslurm.conf is /etc/slurm/slurm.conf",
    expected: "StdIn=/dev/null\nslurm.conf is /etc/slurm/slurm.conf",
  },
  {
    name: "mail addresses",
    text: "   MailUser=ada@hpc.example.edu,bob@example.edu MailType=END",
    expected: "   MailUser=mail1@example.org,mail2@example.org MailType=END",
  },
  {
    name: "comments with blanks and equal signs",
    text: "   Comment=for x=1 Y=2 \n   AdminComment=no\n   JobName=no",
    expected: "   Comment=comment1 \n   AdminComment=comment2\n   JobName=no",
  },
  {
    name: "a whole comment in SubmitLine, which has no quotes",
    text: "   Comment=for my thesis\n   SubmitLine=sbatch --comment for my thesis job.sh",
    expected: "   Comment=comment1\n   SubmitLine=sbatch --comment comment1 job.sh",
  },
  {
    name: "columns of sacct by its head",
    argv: ["sacct", "-P", "-o", "JobID,User,Account,NodeList"],
    text: "JobID|User|Account|NodeList\n7|bob|lab|cn017\n7.batch||lab|cn017\n" +
      "8|bob|lab|None assigned\n",
    expected: "JobID|User|Account|NodeList\n7|user2|account1|nodeb017\n" +
      "7.batch||account1|nodeb017\n8|user2|account1|None assigned\n",
  },
  {
    name: "columns of sacct by the format asked for",
    argv: ["sacct", "-nPo", "JobID%20,User,UID", "-j7"],
    text: "7|bob|1500\n",
    expected: "7|user2|10002\n",
  },
  {
    name: "columns of squeue by letters",
    argv: ["squeue", "-h", "-o", "%i|%u %.8a|%N"],
    text: "7|bob      lab|cn[1-2]\n",
    expected: "7|user2      account1|nodeb[1-2]\n",
  },
  {
    name: "a table's columns by their place",
    argv: ["squeue"],
    text: "  JOBID PARTITION     NAME     USER ST  TIME  NODES NODELIST(REASON)\n" +
      "      7     batch  bob x y      bob  R  0:01      2 cn[001-002]\n" +
      "      8     batch     none    carol PD  0:00      1 (Priority)\n",
    expected: "  JOBID PARTITION     NAME     USER ST  TIME  NODES NODELIST(REASON)\n" +
      "      7     batch  user2 x y  user2  R  0:01      2 nodeb[001-002]\n" +
      "      8     batch     none    user3 PD  0:00      1 (Priority)\n",
  },
  {
    name: "a name that a table cut as the whole one",
    argv: ["sacct"],
    text: "UserId=penelope_longname(7)\n       JobID      User      State\n" +
      "------------ --------- ----------\n           7 penelope_+  COMPLETED\n",
    expected: "UserId=user2(10002)\n       JobID      User      State\n" +
      "------------ --------- ----------\n           7 user2       COMPLETED\n",
  },
  {
    name: "names in a table, whose columns stay under their heads",
    argv: ["squeue", "-l"],
    text: "Sun Nov 22 13:18:04 2026\n" +
      "   JOBID PARTITION     NAME     USER    STATE NODELIST(REASON)\n" +
      "     188     debug carpente carpente COMPLETE login3\n" +
      "     189     debug       xy       xy  RUNNING login3\n",
    expected: "Sun Nov 22 13:18:04 2026\n" +
      "   JOBID PARTITION     NAME     USER    STATE NODELIST(REASON)\n" +
      "     188     debug    user2    user2 COMPLETE node3\n" +
      "     189     debug    user3    user3  RUNNING node3\n",
  },
  {
    name: "JSON",
    text: '{"user_name": "bob", "user_id": 1500, "comment": "a \\"b\\"", "job_id": 1500}',
    expected: '{"user_name": "user2", "user_id": 10002, "comment": "comment1", "job_id": 1500}',
  },
  {
    name: "addresses of machines but not the loop",
    text: "NodeAddr=10.1.2.3 SlurmctldHost[0]=ctl(127.0.0.1)",
    expected: "NodeAddr=192.0.2.1 SlurmctldHost[0]=nodeb(127.0.0.1)",
  },
  {
    name: "who set a reason",
    text: "Reason=disk [carol@2026-11-22T10:00:00]",
    expected: "Reason=disk [user2@2026-11-22T10:00:00]",
  },
];

for (const { name, argv, text, expected } of CASES) {
  Deno.test(`scrubRecording() replaces ${name}`, () => {
    assert.equal(scrubText(text, argv), expected);
  });
}

Deno.test("scrubRecording() replaces a mail address and a home that only a file names", () => {
  const files = [{ path: "log", text: "mail bob@lab.example.de, home /home/carol/x\n" }];

  const scrubbed = scrubRecording({ command: ["sh"], calls: [], files }, ADA, [], []);

  assert.equal(scrubbed.files[0]!.text, "mail mail1@example.org, home /home/user2/x\n");
});

Deno.test("scrubRecording() replaces a number in a file where it is a user's", () => {
  const files = [{ path: "log", text: "ada has uid 1042, uid=1042(ada), and 1042 files" }];

  const scrubbed = scrubRecording({ command: ["sh"], calls: [], files }, ADA, [], []);

  assert.equal(scrubbed.files[0]!.text, "user1 has uid 10001, uid=10001(user1), and 1042 files");
});

Deno.test("scrubRecording() leaves words of Slurm as they are, and says so", () => {
  const { calls, left } = scrub([{ stdout: "Account=gpu TRES=cpu=1,gres/gpu=1 Partition=gpu" }]);

  assert.equal(calls[0]!.stdout, "Account=gpu TRES=cpu=1,gres/gpu=1 Partition=gpu");
  assert.deepEqual(left, [{ kind: "account", name: "gpu" }]);
});

Deno.test("scrubRecording() replaces names in the arguments of a call", () => {
  const argv = ["sbatch", "-A", "lab", "--mail-user=bob@x.edu", "--comment", "why not", "-wcn7"];
  const more = ["-D", "/projects/secret/run", "-n1", "job.sh", "-A", "lab"];

  const { calls } = scrub([{ argv: [...argv, ...more] }]);

  assert.deepEqual(calls[0]!.argv, [
    ...["sbatch", "-A", "account1", "--mail-user=mail1@example.org", "--comment", "comment1"],
    ...["-wnodeb7", "-D", "/data/folder1", "-n1", "job.sh", "-A", "account1"],
  ]);
});

Deno.test("scrubRecording() knows a name in the first call that only the last one marks", () => {
  const { calls } = scrub([
    { stderr: "error: invalid user carol" },
    { stdout: "UserId=carol(1500)" },
  ]);

  assert.equal(calls[0]!.stderr, "error: invalid user user2");
});

Deno.test("scrubRecording() keeps and replaces what it is told to", () => {
  const { calls, replaced } = scrub(
    [{ stdout: "UserId=ada(1042) Account=lab JobName=zeppelin" }],
    ["lab"],
    ["zeppelin"],
  );

  assert.equal(calls[0]!.stdout, "UserId=user1(10001) Account=lab JobName=name1");
  const shown = replaced.map(({ name, standIn, count }) => `${name} ${standIn} ${count}`);
  assert.deepEqual(shown, ["zeppelin name1 1", "ada user1 1", "1042 10001 1"]);
});

Deno.test("scrubRecording() gives nobody a stand-in that is somebody's name", () => {
  const { calls } = scrub([{ stdout: "UserId=ada(1) UserId=user1(2)" }]);

  const [first, second] = [...calls[0]!.stdout.matchAll(/UserId=(\w+)\(/g)].map(([, name]) => name);
  assert.notEqual(first, "user1");
  assert.notEqual(second, first);
});

Deno.test("scrubRecording() does not replace what it has put in", () => {
  const { calls } = scrub([{ stdout: "UserId=work(5)\nWorkDir=/scratch/climate/ada/my data" }]);

  assert.equal(calls[0]!.stdout, "UserId=user2(10002)\nWorkDir=/data/work");
});

Deno.test("scrubRecording() leaves no name of any user, account or node in any text", () => {
  const name = fc.stringMatching(/^z[a-z]{2,7}$/);
  const noise = fc.string({ maxLength: 6 }).filter((text) => !/[A-Za-z0-9@/]/.test(text));
  fc.assert(
    fc.property(fc.uniqueArray(name, { minLength: 3, maxLength: 3 }), noise, (names, gap) => {
      const [user, account, node] = names;
      const marked = `UserId=${user}(7) Account=${account} NodeList=${node}[1-3]`;
      const loose = [user, account, `${node}17`, `/lustre-${user}/x`].join(`${gap} `);

      const { calls } = scrub([{ stderr: loose, argv: ["sacct", "-u", user!] }, {
        stdout: marked,
      }]);

      const text = JSON.stringify(calls);
      for (const one of names) {
        assert.ok(!new RegExp(`(?<![A-Za-z0-9])${one}(?![a-z])`).test(text), `${one} in ${text}`);
      }
    }),
  );
});
