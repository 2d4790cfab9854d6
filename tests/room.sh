#!/bin/sh
# Plays the agent in the room with nothing but `nightdesk next` and `nightdesk submit`.
# Usage: tests/room.sh NIGHTDESK FOLDER      (the program, and an empty folder to play in; needs python3 and git)
set -eu
nightdesk="$1"
mkdir -p "$2"
room="$(cd "$2" && pwd)"
fail() { echo "room.sh: $*" >&2; [ ! -s err ] || cat err >&2; [ ! -s out ] || head -50 out >&2; exit 1; }
# Runs a command, and holds its exit code against the one that is expected.
expect() {
  wanted="$1"; shift
  code=0; "$@" >out 2>err || code=$?
  [ "$code" = "$wanted" ] || fail "exit code $code, not $wanted: $*"
}
says() { cat out err | grep -q -- "$1" || fail "nothing says \"$1\""; }

# The mind of the agent: python3 agent.py BRIEF [lie] reads a brief as it was printed and writes the hand-in that it asks
# for, to the file that it names. It copies sentences; told to lie, it makes up a quote.
cat >"$room/agent.py" <<'PYTHON'
import json, re, sys
brief = open(sys.argv[1], encoding="utf-8").read()
above, how = brief.rsplit("\n## How to hand in\n", 1)
header = dict(re.findall(r'^ *"?(task|input|lease)"?: "?(\w+)', how, re.MULTILINE))
path = re.search(r"nightdesk submit (\S+)", how)[1]
data = re.findall(r"<<<DATA (\w+): [^\n]*>>>\n(.*?)\n<<<END \1>>>", above, re.DOTALL)
names = ["Muon", "AdamW", "Warm-up", "Weight decay"]
if "```json" in how:
    text = re.sub(r"\A---\n.*?\n---\n", "", data[-1][1], flags=re.DOTALL)
    prose = [" ".join(part.split()) for part in text.split("\n\n") if not part.lstrip().startswith(("#", "---"))]
    claims = []
    for sentence in re.findall(r"\S.*?[.](?= [A-Z]|$)", "\n".join(prose), re.MULTILINE):
        found = [name for name in names if name.lower() in sentence.lower()]
        if found:
            claims.append({"statement": sentence, "quote": sentence, "concepts": found})
    if "lie" in sys.argv:
        claims[0]["quote"] = "Everybody agrees that this is the best of all."
    notes = [{"name": name, "type": "concept", "aliases": [], "category": "Training"}
             for name in names if any(name in claim["concepts"] for claim in claims)]
    whole = header | {"claims": claims, "summary": [0], "questions": [], "concepts": notes, "pages": []}
    written = json.dumps(whole, indent=1)
else:
    lines = re.findall(r"^- (\[\[[^\]]+#\^c\w+\|\d+\]\]) (.*)$", above.split("<<<DATA", 1)[1], re.MULTILINE)
    front = "".join(f"{key}: {value}\n" for key, value in header.items())
    written = f"---\n{front}---\n\n" + "\n".join(f"- {words} {citation}" for citation, words in lines) + "\n"
with open(path, "w", encoding="utf-8") as file:
    file.write(written)
with open(sys.argv[1] + ".given", "a") as file:  # who got which task, for the count at the end
    file.write(f"{header['task']} {header['input']}\n")
print(path)
PYTHON

# Makes a desk with sources that overlap in what they are about, and goes there.
open_desk() {
  cd "$room"
  expect 0 "$nightdesk" new "$1"
  cd "$1"
  cat >raw/muon.md <<'SOURCE'
---
title: Muon, explained
published: 2025-03-04
---
# Muon, explained

Muon is an optimiser that orthogonalises the momentum of each weight matrix. Muon runs five Newton-Schulz steps per
update. The Newton-Schulz iteration is a matrix polynomial that pushes singular values towards one. A common learning
rate for Muon is 0.02.
SOURCE
  cat >raw/adam.md <<'SOURCE'
# Adam and warm-up

AdamW is an optimiser with decoupled weight decay. A long warm-up of 4,000 steps protects AdamW in its first updates.
Warm-up is the phase in which the learning rate rises to its peak. Muon replaces AdamW for weight matrices.

## Weight decay

Weight decay shrinks all weights a little at each step. A common weight decay for AdamW is 0.1.
SOURCE
}

# Does the task whose brief lies in a file, and expects it to be accepted; what went stale meanwhile comes again.
do_task() {
  path="$(python3 "$room/agent.py" "$1")"
  code=0; "$nightdesk" submit "$path" >out 2>err || code=$?
  [ "$code" = 0 ] || grep -q "is stale\|no longer to be done" out || fail "$1 was rejected"
}

echo "part 1: one agent, from a false quote to the end"
open_desk alone
expect 0 "$nightdesk" next --as player
cp out brief.md
says "^# Task t[0-9a-f]*: read raw/"
path="$(python3 "$room/agent.py" brief.md lie)"
before="$(git rev-parse HEAD:wiki)"
expect 1 "$nightdesk" submit "$path"
says "the quote does not stand in the text"
[ "$(git rev-parse HEAD:wiki)" = "$before" ] || fail "a rejected reading has changed the wiki"
[ -z "$(git status --porcelain wiki)" ] || fail "a rejected reading has changed the wiki"
path="$(python3 "$room/agent.py" brief.md)"
expect 0 "$nightdesk" submit "$path"
[ "$(grep -l "room:player" wiki/sources/*.md | wc -l)" = 1 ] || fail "an accepted reading has left no page"
expect 1 "$nightdesk" submit "$path"
says "done already"
turns=0
while :; do
  code=0; "$nightdesk" next --as player >brief.md 2>err || code=$?
  [ "$code" != 2 ] || break
  [ "$code" = 0 ] || fail "next: exit code $code"
  do_task brief.md
  turns=$((turns + 1))
  [ "$turns" -lt 60 ] || fail "it does not come to an end"
done
grep -q "nothing to do: the wiki is in step" err || fail "the end is not said"
[ "$turns" -ge 3 ] || fail "only $turns tasks: no pages were asked for"
[ "$(grep -l "room:player" wiki/sources/*.md | wc -l)" = 2 ] || fail "not all source pages say who read them"
grep -q "room:player" wiki/concepts/*.md || fail "no concept page says who wrote it"
rm -f out err brief.md brief.md.given
[ -z "$(git status --porcelain wiki raw text)" ] || fail "not all is committed: $(git status --porcelain)"
echo "  $turns tasks after the first, $(ls wiki/concepts | wc -l) concept pages"
before="$(git rev-parse HEAD:wiki)"
expect 0 "$nightdesk" compile
rm -f out err
[ "$(git rev-parse HEAD:wiki)" = "$before" ] || fail "a compile has thrown the agent's work away"

echo "part 2: two agents at once, each taking all that is free"
open_desk together
cp raw/muon.md raw/muon-again.md
sed -i.bak -e 's/Muon, explained/More on Muon/' -e 's/0\.02/0.03/' -e 's/five/six/' raw/muon-again.md && rm raw/*.bak
play() {
  mkdir -p "$room/$1"
  turns=0
  while :; do
    code=0; "$nightdesk" --desk "$room/together" next --all --as "$1" >table 2>err || code=$?
    if [ "$code" = 0 ]; then
      while read -r id kind file subject; do
        cp "$room/together/$file" "$id.md"
        hand_in="$(cd "$room/together" && python3 "$room/agent.py" "$room/$1/$id.md")"
        code=0; "$nightdesk" --desk "$room/together" submit "$room/together/$hand_in" >out 2>err || code=$?
        [ "$code" = 0 ] || grep -q "is stale\|no longer to be done" out || fail "$1: $kind $subject was rejected"
      done <table
    elif [ "$code" = 2 ] && grep -q "nothing to do" err; then
      return 0
    elif [ "$code" = 2 ] && grep -q "nothing is free" err; then
      sleep 0.2
    else
      fail "$1: next: exit code $code"
    fi
    turns=$((turns + 1))
    [ "$turns" -lt 600 ] || fail "$1: it does not come to an end"
  done
}
mkdir -p "$room/ada" "$room/bob"
(cd "$room/ada" && play ada) & ada=$!
(cd "$room/bob" && play bob) & bob=$!
wait "$ada" || fail "ada failed"
wait "$bob" || fail "bob failed"
given="$(cat "$room"/ada/*.given "$room"/bob/*.given 2>/dev/null || true)"
[ -n "$given" ] || fail "nobody did anything"
twice="$(echo "$given" | sort | uniq -d)"
[ -z "$twice" ] || fail "given out twice: $twice"
cd "$room/together"
[ "$(ls wiki/sources | wc -l)" = 3 ] || fail "not all sources have a page"
[ -z "$(git status --porcelain wiki raw text)" ] || fail "not all is committed"
echo "  $(echo "$given" | wc -l) tasks, none twice"
