#!/usr/bin/awk -f
# Prints rows "JobID|JobIDRaw|State|Submit|End|ExitCode|Elapsed|Timelimit|NodeList|JobName" in the fields and
# with the delimiter that the sacct call in `args` asks for.
BEGIN {
  FS = "|"; separator = "|"; format = "JobID,State"
  count = split(args, words, " ")
  for (i = 1; i <= count; i++) {
    if (words[i] ~ /^--format=/) format = substr(words[i], 10)
    if (words[i] ~ /^--delimiter=/) separator = substr(words[i], 13)
  }
  fields = split(tolower(format), wanted, ",")
  split("jobid jobidraw state submit end exitcode elapsed timelimit nodelist jobname", names, " ")
  for (i in names) place[names[i]] = i
}
{
  line = ""
  for (i = 1; i <= fields; i++) {
    key = wanted[i]; sub(/%.*/, "", key)
    value = key in place ? $(place[key]) : key == "start" ? $4 : ""
    line = line (i > 1 ? separator : "") value
  }
  print line
}
