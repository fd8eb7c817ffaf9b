import maestro


def main(input):
    mine, theirs = maestro.context(), inside()
    return [
        {"function": mine["function"], "version": mine.version, "step": mine.step_id, "trigger": mine.trigger_type},
        [mine.subtenant, mine.attempt, mine.deadline.tzinfo is not None],
        theirs,
        mine.execution_id == theirs["execution_id"],
    ]
