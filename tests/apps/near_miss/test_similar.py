"""Which lessons are alike, why, and that what was asked stays nowhere."""

from __future__ import annotations

from uuid import UUID

from vigil.apps.near_miss.learning.similar import Index, read

KNIFE, ICE, JAIL, BOOT = (UUID(int=n) for n in range(1, 5))
TEXTS = {
    KNIFE: ("A driver reached under the seat. A knife lay there.", ("factor search_missed",)),
    ICE: ("The cruiser slid on ice at the bridge. The seat belt held.", ("factor terrain",)),
    JAIL: ("Booking found a blade in a boot. The search at the stop had missed the boot.", ("factor search_missed",)),
    BOOT: ("Knives in boots: the driver had one in each boot, found at the jail.", ("factor search_missed",)),
}


def filled(*lessons: UUID) -> Index:
    index = Index()
    for lesson in lessons or TEXTS:
        index.add(lesson, *TEXTS[lesson])
    return index


def test_the_most_alike_first_and_why() -> None:
    index = filled()
    asked = "The driver's boot had a knife. The search before missed the boots.", ("factor search_missed",)
    found = index.like(*asked)
    assert [one.lesson for one in found] == [JAIL, KNIFE, BOOT]
    assert found[0].words[0] == "missed"
    assert {"boot", "search"} <= set(found[0].words)
    assert found[0].codes == ("factor search_missed",)
    assert [one.lesson for one in index.like(*asked, leave_out=[JAIL])] == [KNIFE, BOOT]
    assert index.like("Quillfeather waited at the bridge.", ()) == []  # one word is chance
    assert filled(ICE, BOOT, KNIFE, JAIL).like(*asked) == found  # whatever came first


def test_what_is_taken_out_is_gone_and_what_was_asked_is_nowhere() -> None:
    index = filled()
    index.like("Quillfeather found a knife in a boot at the jail.", ())
    assert "quillfeather" not in repr(vars(index))
    index.remove(BOOT)
    assert index.lessons == {KNIFE, ICE, JAIL}
    fresh = filled(KNIFE, ICE, JAIL)
    assert index.like(*TEXTS[BOOT]) == fresh.like(*TEXTS[BOOT])


def test_words_lose_their_plural_and_common_ones_are_left_out() -> None:
    assert set(read("The bodies, boxes, and cars of buses: glass was there.", ()).terms) == {
        "body", "boxe", "car", "buse", "glass",
    }  # fmt: skip
