# Why nothing follows from a report of the bench, as `ingot publish --benched` has it; nothing where its limits were kept.
[.judgement.status, .quality.judgement.status, .comparison.status]
| if any(. == "failed") then "a limit was not kept on the bench"
  elif any(. == "regressed") then "it became slower than what was accepted"
  elif any(. == "not comparable") then "the machine of the bench was too busy, or another one"
  elif any(. == "passed") then empty
  else "it had no limits on the bench" end
