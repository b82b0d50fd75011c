"""Reads what `cox export ID --format colmena` writes with Colmena's own class, and says what it found there.

    pip install colmena==0.7.2
    cox export ID --format colmena | python bench/peers/colmena_parses.py

Every line must parse; what it gives back must be what was written; times must be in order. Exit code 1 if not.
"""
import json
import math
import sys
from importlib.metadata import version

from colmena.models import Result

TIMES = ['created', 'input_received', 'start_task_submission', 'compute_started', 'compute_ended', 'result_sent']


def check(line: str) -> Result:
    result = Result.model_validate_json(line)
    told, given = json.loads(result.json()), json.loads(line)
    for name in given:
        if name in ('timestamp', 'time', 'resources', 'worker_info', 'failure_info') and given[name] is not None:
            assert all(told[name][part] == given[name][part] for part in given[name]), (name, told[name], given[name])
        else:
            assert told[name] == given[name], (name, told[name], given[name])
    assert set(given) <= set(Result.model_fields), set(given) - set(Result.model_fields)
    assert result.kwargs == given['inputs'][1] and result.complete
    times = [getattr(result.timestamp, name) for name in TIMES]
    assert not any(math.isnan(one) for one in times), times
    # Clocks of hosts differ; on one machine nothing comes before what led to it.
    assert all(a <= b + 0.005 for a, b in zip(times, times[1:])), times
    assert result.success == (result.failure_info is None)
    return result


results = [check(line) for line in sys.stdin]
topics = {topic: sum(one.topic == topic for one in results) for topic in sorted({one.topic for one in results})}
running = sum(one.time.running for one in results)
print(f'colmena {version("colmena")}: {len(results)} results parsed; {topics}; '
      f'{sum(not one.success for one in results)} failed; {running:.1f} s of compute')
sys.exit(0 if results else 1)
