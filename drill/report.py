"""The table at the end, for people and for the README, and the same as JSON."""

import json

HEAD = ("fault", "acknowledged", "lost", "doubled", "errors seen meanwhile", "requests again", "jobs done")


def line(result):
    """One row of the table."""
    if result.get("not_tried"):
        return (result["title"], "–", "–", "–", f"not tried: {result['not_tried']}", "–", "–")
    title = result["title"] + (f" ({result['remark']})" if result["remark"] else "")
    errors = ", ".join(f"{count} × {kind}" for kind, count in sorted(result["errors"].items())) or "none"
    if result["unknown"]:
        errors += f"; {result['unknown']} mails in doubt"
    if result["wrong"]:
        errors += f"; {len(result['wrong'])} WRONG"
    return (
        title, f"{sum(result['acknowledged'].values()):,}", str(len(result["lost"])), str(len(result["doubled"])), errors,
        seconds(result["requests_again"]), seconds(result["jobs_done"]),
    )


def seconds(value):
    return "NOT" if value is None else f"{value:.1f} s"


def show(result):
    """What is said right after a fault."""
    _, acknowledged, lost, doubled, errors, requests, jobs = line(result)
    print(f"  acknowledged {acknowledged}, lost {lost}, doubled {doubled}; errors: {errors}", flush=True)
    print(f"  requests again after {requests}, jobs done after {jobs}", flush=True)
    for kind in ("lost", "doubled", "wrong"):
        for text in result.get(kind, [])[:10]:
            print(f"  {kind}: {text}", flush=True)


def table(results):
    """In Markdown."""
    marks = ("---", "---:", "---:", "---:", "---", "---:", "---:")
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (HEAD, marks, *map(line, results)))


def write(path, results):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(results, ensure_ascii=False, indent=1) + "\n")


def is_well(result):
    if result.get("not_tried"):
        return True
    is_recovered = result["requests_again"] is not None and result["jobs_done"] is not None
    return is_recovered and not (result["lost"] or result["doubled"] or result["wrong"])
