#!/bin/sh
# Plays the agent in the room of a lab with nothing but `nightdesk next` and `nightdesk submit`.
# Usage: tests/lab_room.sh NIGHTDESK DESK COUNT   (the program, a desk whose lab waits, how many proposals to make)
set -eu
nightdesk="$1"; desk="$2"; count="$3"
cd "$desk"
fail() { echo "lab_room.sh: $*" >&2; [ ! -s err ] || cat err >&2; [ ! -s out ] || head -50 out >&2; exit 1; }

# The mind of the agent: it reads a brief as it was printed and writes the hand-in that it asks for, to the file that it
# names. It doubles the learning rate; told to lie, it searches for a line that is not there.
cat >agent.py <<'PYTHON'
import json, re, sys
brief = open(sys.argv[1], encoding="utf-8").read()
above, how = brief.rsplit("\n## How to hand in\n", 1)
header = dict(re.findall(r'^ *"?(task|input|lease)"?: "?(\w+)', how, re.MULTILINE))
path = re.search(r"nightdesk submit (\S+)", how)[1]
pieces = {name: text for _, name, text in re.findall(r"<<<DATA (\w+): ([^\n]*)>>>\n(.*?)\n<<<END \1>>>", above, re.DOTALL)}
line, value = re.search(r"^(LR = (\S+))", pieces["the editable file train.py"], re.MULTILINE).groups()
number = int(re.search(r"proposal (\d+)", brief)[1])
edit = {"file": "train.py", "search": "LR = gone" if "lie" in sys.argv else line, "replace": f"LR = {float(value) * (number + 1):g}"}
hand_in = {"title": f"{edit['search']} times {number + 1}", "hypothesis": "It is low.", "edits": [edit], "files": []}
with open(path, "w", encoding="utf-8") as file:
    json.dump(header | hand_in, file)
print(path)
PYTHON

made=0; turns=0; lied=no
while [ "$made" -lt "$count" ]; do
  turns=$((turns + 1))
  [ "$turns" -lt 600 ] || fail "it does not come to an end"
  code=0; "$nightdesk" next --kind propose --as player >out 2>err || code=$?
  if [ "$code" = 2 ]; then
    grep -q "nothing to propose\|nothing is free" err || fail "next says something else"
    sleep 0.1
    continue
  fi
  [ "$code" = 0 ] || fail "next: exit code $code"
  cp out brief.md
  grep -q "^# Task t[0-9a-f]*: propose lab " brief.md || fail "this is no brief of a lab"
  if [ "$lied" = no ]; then
    lied=yes
    code=0; "$nightdesk" submit "$(python3 agent.py brief.md lie)" >out 2>err || code=$?
    [ "$code" = 1 ] || fail "what cannot be applied was accepted"
    grep -q "does not stand in train.py" out || fail "the reason is not told"
  fi
  code=0; "$nightdesk" submit "$(python3 agent.py brief.md)" >out 2>err || code=$?
  if [ "$code" = 0 ]; then
    grep -q "accepted; the lab runs it next" out || fail "it is not said what comes next"
    made=$((made + 1))
  else
    grep -q "is stale\|no longer to be done\|tried before" out || fail "it was rejected"
  fi
done
echo "$made proposals, $turns turns"
