"""Files that were renamed or moved, as git's history and the folder tell it."""

from collections import defaultdict
from pathlib import Path

from nightdesk.base.git import changed_paths
from nightdesk.base.trees import blob_id, folder_in_repository, head_commit, renames, tree_files

MAX_COMMITS = 2_000
LIKE_PERCENT = 90  # of a file's lines that stay when it is renamed: pages alike are not renames of each other


def renamed_files(root: Path) -> dict[str, str]:
    """Return where each file that is gone from its place is now, paths relative to `root`; only what is certain."""
    if head_commit(root) is None:
        return {}
    now: dict[str, str] = dict(_not_committed(root))
    for old, new in renames(root, most=MAX_COMMITS, like_percent=LIKE_PERCENT):  # the newest first
        now.setdefault(old, now.get(new, new))
    return {old: new for old, new in now.items() if not (root / old).exists() and (root / new).is_file()}


def _not_committed(root: Path) -> dict[str, str]:
    """Return the renames that nobody has committed yet: a file that is gone, and a new one with the same bytes."""
    changed = changed_paths(root)
    gone = {path for path in changed if not (root / path).exists()}
    if not gone:
        return {}
    known = tree_files(root, "HEAD", within=folder_in_repository(root))
    by_blob: dict[str, list[str]] = defaultdict(list)
    like = next((known[path].blob for path in gone if path in known), "")
    for path in sorted(changed - gone):
        if path not in known and (root / path).is_file() and like:
            by_blob[blob_id((root / path).read_bytes(), like=like)].append(path)
    found = {path: by_blob[known[path].blob] for path in gone if path in known and known[path].blob in by_blob}
    taken = [new for news in found.values() for new in news]
    return {old: news[0] for old, news in found.items() if len(news) == 1 and taken.count(news[0]) == 1}
