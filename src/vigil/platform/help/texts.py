"""What each page is for, how it is used, and what an answer on it does not prove; and the frequent questions.

One place for all of it. Plain words, short sentences, the field's own terms (docs/glossary.md).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Topic:
    """The help for one or more pages. `pages` are URL names; `limits` is what the page does not prove or do."""

    slug: str
    title: str
    pages: tuple[str, ...]
    what: str
    how: tuple[str, ...]
    limits: tuple[str, ...] = ()


NOT_PROVED = (
    "No known conflict means that nothing registered meets yours, on those who were asked, at that time.",
    "It does not mean that nobody is there. Others may have registered with nobody, or on another system.",
    "A receipt proves that you asked, when, and whom. It is no approval.",
)

TOPICS = (
    Topic(
        "today",
        "Today",
        ("deconfliction:today", "deconfliction:notice"),
        "What needs you now, what is yours, and what is near in time.",
        (
            "The first line says how many conflicts need a call, and until when.",
            "A conflict's card has the name and the telephone of the other side. Call first, then say what you agreed.",
            "The page changes by itself. If it says Not connected, trust nothing on it and call the watch desk.",
        ),
        NOT_PROVED[:2],
    ),
    Topic(
        "operations",
        "Operations",
        ("deconfliction:operations", "deconfliction:operations_views", "deconfliction:selected"),
        "The operations that you may see, with their answers.",
        (
            "Filter by state, type and day. The address keeps the filter, so it can be saved as a bookmark.",
            "Times are those of the place. Point at one for your own.",
            "Files of the list hold exactly the rows shown; each download is recorded.",
            "Tick lines to cancel, move, end or take out several. You see what will happen to each before it is done.",
        ),
        ("An operation that is not here may exist: you see your agency's, and those shared with you.",),
    ),
    Topic(
        "register",
        "Register an operation",
        ("deconfliction:register", "deconfliction:draft", "deconfliction:edit"),
        "Tell the node where and when you will be, before you are there. It searches at once and says who was asked.",
        (
            "Place: coordinates in any notation, USNG or MGRS, a town, a ZIP code, your position, or a pin, "
            "a line or an area on the map. "
            "Where the node has streets, an address too.",
            "Time: as you say it, 0430 tomorrow. It is the local time of the place.",
            "Radius and minutes are filled in for the type. Change them where the plan is larger or smaller.",
            "Until it says registered it is NOT REGISTERED, also when the telephone has lost its connection.",
            "Late is better than not: a start at short notice is taken, and the reason asked for afterwards.",
        ),
        NOT_PROVED,
    ),
    Topic(
        "operation",
        "One operation and its answer",
        (
            "deconfliction:operation",
            "deconfliction:move",
            "deconfliction:split",
            "deconfliction:reason",
            "deconfliction:still_going",
            "deconfliction:share",
            "deconfliction:shared",
            "deconfliction:joint_answer",
        ),
        "The answer for this revision: a conflict, no known conflict, or incomplete with who has not answered.",
        (
            "A change of place, time or people is a new question: the old answer no longer counts.",
            "Say Ended as soon as everyone has left. If nobody does, it is extended and you are asked.",
            "A cancel tells everyone who was alarmed. It can be undone, which asks again.",
            "Numbers that RISSafe, SAFETNet or Case Explorer gave you by telephone can be noted on the form.",
        ),
        NOT_PROVED,
    ),
    Topic(
        "conflicts",
        "Conflicts",
        ("deconfliction:conflicts", "deconfliction:conflicts_views", "deconfliction:conflict"),
        "Two operations that meet in place and time, or share a subject. Both sides were told whom to call.",
        (
            "Call the other side. Then say that you have talked, and what was agreed.",
            "Seen stops your alarm. It starts again 30 minutes before the start if nobody has talked.",
            "Direct: one place lies inside the other's zone. Near: the zones touch.",
            "You are shown no place of the other side, and they none of yours.",
            "If nobody answers, the watch desk takes it over.",
        ),
        ("That a conflict is settled here proves that somebody said so, not that both teams know.",),
    ),
    Topic(
        "search",
        "Search",
        ("find",),
        "One box over what you may see: numbers, contacts, subjects, other agencies, whom to call, pages.",
        (
            "Press / on any page. An operation asked for by its number opens at once.",
            "Give a case number or a subject whole. Places and objectives are not searched.",
            "What you type stands in no address. That you searched is recorded.",
        ),
        ("It finds what you may read. What it does not find may exist.",),
    ),
    Topic(
        "map",
        "Map",
        ("deconfliction:map",),
        "Your operations as zones, true to scale, with the same rows in the table beside it.",
        (
            "Click a zone or press Enter on a row for its card.",
            "The time slider filters map and table together.",
            "Print gives map, legend and list. The map itself needs JavaScript and WebGL; the table does not.",
        ),
        ("Other agencies' operations are not drawn. An empty map is no answer: register, and read the answer.",),
    ),
    Topic(
        "timeline",
        "Timeline",
        ("deconfliction:timeline",),
        "Your agency's operations over a day or a week, with the time in which another team is active near one.",
        (
            "Each lane is one operation, or a series. The full bar is its time, the pale one its buffers.",
            "The line under a bar is the time in which both teams are active.",
            "Every bar is a link. The table below holds the same.",
        ),
        NOT_PROVED[:2],
    ),
    Topic(
        "series",
        "A series of operations",
        ("deconfliction:repeat", "deconfliction:series"),
        "The same operation on several days. Each day is an operation of its own, with its own answer.",
        (
            "Days that are not registered yet stand on top as NOT REGISTERED.",
            "Moving or cancelling several at once is a change of each, and asks everyone again for each.",
        ),
        ("The answer of one day says nothing about another day.",),
    ),
    Topic(
        "history",
        "History",
        ("deconfliction:history",),
        "Past operations, what was answered, and what came of their conflicts.",
        (
            "Filter by time, type, answer, outcome and agency. The file holds exactly the rows shown.",
            "What retention has removed stands below as counts by month.",
        ),
        ("It holds what people noted. A conflict that nobody settled here may have been settled by voice.",),
    ),
    Topic(
        "policy-study",
        "Policy study",
        (
            "deconfliction:studies",
            "deconfliction:study",
            "deconfliction:study_stop",
            "deconfliction:study_csv",
            "deconfliction:study_numbers",
        ),
        "How many alarms the same operations would have raised with other radii and buffers.",
        (
            "Send a file, or take your agency's past pairs where it keeps them. Each radius is tried with each buffer.",
            "You may leave the page while it counts, or stop it. The file is deleted once counted.",
            "The page What each number means explains them one by one.",
        ),
        (
            "It replays what was registered. What nobody registered is missing.",
            "A setting that loses a pair may lose the one that mattered. It is no forecast.",
        ),
    ),
    Topic(
        "purge",
        "Purge",
        ("deconfliction:purges", "deconfliction:legal_hold"),
        "What was removed, what is due, what is held and why.",
        (
            "It runs by itself every hour, by the days under Set-up, Retention. It cannot be undone.",
            "A legal hold keeps everything of one operation until it is lifted.",
        ),
        ("Backups, downloads and prints hold what they held. Delete those yourself.",),
    ),
    Topic(
        "import",
        "Import",
        ("deconfliction:import", "deconfliction:import_map", "deconfliction:import_check", "deconfliction:import_run"),
        "Take operations from a file of your records system, as CSV or Excel.",
        (
            "Say once which column is what; the mapping can be kept under a name.",
            "The check shows each bad row with line, column and reason before anything is stored.",
            "Importing the same file again updates; it never doubles. Rows that vanished are listed and kept.",
        ),
        ("INCOMPLETE means that some operations were left out. They are listed, and they were not searched.",),
    ),
    Topic(
        "interests",
        "Registered interests",
        ("deconfliction:interests", "deconfliction:interest_register"),
        "Ask about a person, telephone, plate or other subject without an operation, for up to 180 days.",
        (
            "Whoever registers the same subject is told whom to call, and so are you.",
            "Renew it before it ends; you are reminded. End it when you no longer need it.",
            "A person needs a birth date and a plate its state, or it cannot be compared.",
        ),
        ("No match means that nobody has registered this subject here. It says nothing about the person.",),
    ),
    Topic(
        "task-forces",
        "Task forces",
        ("deconfliction:task_forces", "deconfliction:task_force_found", "deconfliction:task_force_members"),
        "People of several agencies who see the operations that are shared with the task force, and no others.",
        (
            "An agency administrator founds one, and each agency names its own members.",
            "Whoever registers an operation decides whether it is shared.",
            "Subjects and the case never go along.",
        ),
    ),
    Topic(
        "calendar",
        "Calendar",
        ("deconfliction:calendar",),
        "Your own operations in your calendar program, without places, names or cases.",
        ("The address is a secret: whoever has it can read the feed. Make a new one when in doubt.",),
    ),
    Topic(
        "whom-to-call",
        "Whom to call",
        (
            "whom_to_call:directory",
            "whom_to_call:new",
            "whom_to_call:edit",
            "whom_to_call:import",
            "whom_to_call:shipped",
        ),
        "The watch desks, partner nodes and national systems that serve a place.",
        (
            "Give a ZIP code, a county with its state, or a state, or click on the map.",
            "Each telephone stands with the day somebody last checked it. After a year it is marked.",
            "A region stands with where it is from. Ask the centre before you rely on one.",
        ),
        ("A gap means that this list knows nobody, not that nobody is there.",),
    ),
    Topic(
        "policy",
        "Policy",
        ("policy:policy", "policy:acknowledge"),
        "The deconfliction policy of your agency, filled from its settings.",
        (
            "Read it and say so. Administrators see who has.",
            "When settings change afterwards, the page says what differs. Mend the setting, or adopt it anew.",
        ),
        ("It is a model. Have your counsel read it before you adopt it.",),
    ),
    Topic(
        "who-looked",
        "Who looked",
        ("deconfliction:looks",),
        "Who opened an operation of your agency, and when.",
        ("Give the operation's number. You see people and times, not the operation.",),
        ("It shows looks through this node. What somebody told others by voice stands nowhere.",),
    ),
    Topic(
        "set-up",
        "Set-up",
        ("setup",),
        "What is missing before the node is ready, and the way to every set-up page.",
        (
            "Needed comes first. Each line leads to the page that mends it, or names the command.",
            "A setting counts as reviewed when somebody has saved its page, changed or not.",
        ),
        ("Ready means that these settings were made. It does not mean that they are right for your agency.",),
    ),
    Topic(
        "people",
        "People",
        ("people", "new_person", "person"),
        "Who may log in, with which roles, in which agency.",
        (
            "A new person gets a first password that is shown once. They must change it before anything opens.",
            "Give each person no more roles than their work needs. An administrator sees no operations by that role.",
            "Switch the account off when somebody leaves. Nothing is deleted, and it can be undone.",
            "Appoint a second administrator: the last one can be neither switched off nor lose the role.",
        ),
    ),
    Topic(
        "agency-and-node",
        "Agency, node and watch desk",
        (
            "agencies:agency",
            "agencies:agencies",
            "agencies:one_agency",
            "agencies:node",
            "agencies:watch_desk",
            "deconfliction:deconflictor",
            "deconfliction:agency_deconflictor",
        ),
        "Names, region, telephones and hours that others read.",
        (
            "The region is where maps open. A plan outside it is flagged and taken.",
            "The desk's telephone stands where people look when they need it. Call it once to test it.",
            "The deconflictor speaks with both sides when a silent operation meets another one.",
            "The account that your agency names sees its silent operations and is told where they meet others.",
        ),
        ("The hours are said, not watched: no page knows whether somebody really sits at the desk.",),
    ),
    Topic(
        "lead-time-and-types",
        "Lead time and types",
        ("deconfliction:agency_rules",),
        "How early your agency registers, and the radius and minutes that the form fills in for each type.",
        (
            "They count for operations registered or changed from now on.",
            "Save the page once even if you change nothing: then it is known that somebody looked.",
        ),
        ("The shipped values are this project's own. No national norm is public.",),
    ),
    Topic(
        "retention",
        "Retention",
        ("agencies:retention",),
        "How long places and subjects are kept after an operation is over.",
        (
            "Short is safer: what is not there cannot leak. Your records schedule may ask for longer.",
            "Nothing goes while a conflict is open, a question is unanswered or a legal hold is set.",
        ),
        ("Copies that were read out or printed, and backups, are not reached by a purge.",),
    ),
    Topic(
        "streets",
        "Streets",
        ("gazetteer:streets",),
        "Which streets are imported, so that a place can be typed as an address and the map shows them.",
        (
            "The node's operator brings files in with: vigil places import FILE --source NAME.",
            "The same name replaces an import when all of it is read. Removing one leaves every operation its place.",
        ),
        (
            "An address is as right as the file. A number on a block may be off by the block; the zone grows by it.",
            "Above 250 m a pin is asked for.",
        ),
    ),
    Topic(
        "account",
        "Your account",
        ("account", "password"),
        "Your name, your password, and tokens by which programs act as you.",
        (
            "Change a password that somebody else may know.",
            "A token can do what you can do within its scope. Revoke it when the program is gone.",
        ),
    ),
)

FAQ = (
    (
        "Does “no known conflict” mean that I am safe?",
        "No. It means that nothing registered meets your operation, on those who were asked, at that time. Teams that "
        "registered with nobody are not found.",
    ),
    (
        "What does “incomplete” mean?",
        "Somebody on the roster has not answered yet. The page names them and their telephone. Call them, or wait: "
        "they are asked again until they answer.",
    ),
    (
        "What does the other side see of mine?",
        "Your agency, the contacts' names and telephones, how near and when, and the flags plain clothes and armed and "
        "dangerous unless you withhold them. Never the place, the distance, the subjects or the case.",
    ),
    (
        "Can I register when it has begun already?",
        "Yes. It is searched at once. Reason and approver are asked for afterwards.",
    ),
    (
        "The time is not fixed yet. What now?",
        "Register it as tentative with the whole span, up to 14 days. Fixing the time asks again.",
    ),
    (
        "We work with the other team. How does the alarm stop?",
        "Offer to run the two together. When both have accepted, they no longer meet each other.",
    ),
    (
        "I entered something wrong. Is that bad?",
        "Change it. A change is a new question, and everyone who was told is told again.",
    ),
    (
        "Does it ask RISSafe, SAFETNet or Case Explorer?",
        "No. This node cannot reach them. Ask them by telephone, and note on the form the number that you get.",
    ),
    (
        "Who can see that I looked?",
        "Each look at an operation or a conflict is recorded with name and time. Administrators of its agency can "
        "read that, without the operation.",
    ),
    (
        "What happens when the connection is lost?",
        "The page says so, and its answer no longer counts. Call the watch desk.",
    ),
    (
        "How long is it kept?",
        "As long as your agency has set: the policy says it. Receipts stay as proof, without place or name.",
    ),
)

_BY_PAGE = {page: topic for topic in TOPICS for page in topic.pages}
_BY_SLUG = {topic.slug: topic for topic in TOPICS}


def topic_of_page(url_name: str) -> Topic | None:
    """The help for the page of that URL name."""
    return _BY_PAGE.get(url_name)


def topic_of_slug(slug: str) -> Topic | None:
    """The help of that name."""
    return _BY_SLUG.get(slug)
