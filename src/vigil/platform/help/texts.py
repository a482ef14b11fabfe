"""What each page is for, how it is used, and what an answer on it does not prove; and the frequent questions.

One place for all of it. Plain words, short sentences, the field's own terms (docs/glossary.md). Pages
say them in the reader's language.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext_noop as _


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
    _("No known conflict means that nothing registered meets yours, on those who were asked, at that time."),
    _("It does not mean that nobody is there. Others may have registered with nobody, or on another system."),
    _("A receipt proves that you asked, when, and whom. It is no approval."),
)

TOPICS = (
    Topic(
        "today",
        _("Today"),
        ("deconfliction:today", "deconfliction:notice"),
        _("What needs you now, what is yours, and what is near in time."),
        (
            _("The first line says how many conflicts need a call, and until when."),
            _(
                "A conflict's card has the name and the telephone of the other side. Call first, then say what you "
                "agreed."
            ),
            _("The page changes by itself. If it says Not connected, trust nothing on it and call the watch desk."),
        ),
        NOT_PROVED[:2],
    ),
    Topic(
        "ways",
        _("How alarms reach you"),
        ("delivery:ways",),
        _("Your own e-mail address and telephones, to which alarms go beside the pages."),
        (
            _("Add one and enter the code that is sent there: only then is it used."),
            _("Choose for each whether it gets what is urgent, all else, or both."),
            _("A message says open Vigil and no more. A text message has a code: send it back and you are on it."),
        ),
        (_("A message that was handed over may arrive late or never. Look at your pages when you plan to go out."),),
    ),
    Topic(
        "channels",
        _("Channels and webhooks"),
        ("delivery:channels", "delivery:webhooks"),
        _("How alarms leave the node, and whether they do."),
        (
            _("Each channel shows whether it works, what waits and since when. You are told when one fails."),
            _("Send a test to your own address after each change of the settings."),
            _("What was given up can be sent again. To whom it was is not shown."),
            _("A webhook tells a program of your agency, signed with a secret that is shown once."),
        ),
        (_("Handed over means that the provider took it, not that somebody read it."),),
    ),
    Topic(
        "operations",
        _("Operations"),
        ("deconfliction:operations", "deconfliction:operations_views", "deconfliction:selected"),
        _("The operations that you may see, with their answers."),
        (
            _("Filter by state, type and day. The address keeps the filter, so it can be saved as a bookmark."),
            _("Times are those of the place. Point at one for your own."),
            _("Files of the list hold exactly the rows shown; each download is recorded."),
            _(
                "Tick lines to cancel, move, end or take out several. You see what will happen to each before it is "
                "done."
            ),
        ),
        (_("An operation that is not here may exist: you see your agency's, and those shared with you."),),
    ),
    Topic(
        "register",
        _("Register an operation"),
        ("deconfliction:register", "deconfliction:draft", "deconfliction:edit"),
        _(
            "Tell the node where and when you will be, before you are there. It searches at once and says who was "
            "asked."
        ),
        (
            _(
                "Place: coordinates in any notation, USNG or MGRS, a town, a ZIP code, your position, or a pin, "
                "a line or an area on the map. "
                "Where the node has streets, an address too."
            ),
            _("Time: as you say it, 0430 tomorrow. It is the local time of the place."),
            _("Radius and minutes are filled in for the type. Change them where the plan is larger or smaller."),
            _("Until it says registered it is NOT REGISTERED, also when the telephone has lost its connection."),
            _("Late is better than not: a start at short notice is taken, and the reason asked for afterwards."),
        ),
        NOT_PROVED,
    ),
    Topic(
        "operation",
        _("One operation and its answer"),
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
        _("The answer for this revision: a conflict, no known conflict, or incomplete with who has not answered."),
        (
            _("A change of place, time or people is a new question: the old answer no longer counts."),
            _("Say Ended as soon as everyone has left. If nobody does, it is extended and you are asked."),
            _("A cancel tells everyone who was alarmed. It can be undone, which asks again."),
            _("Numbers that RISSafe, SAFETNet or Case Explorer gave you by telephone can be noted on the form."),
        ),
        NOT_PROVED,
    ),
    Topic(
        "conflicts",
        _("Conflicts"),
        ("deconfliction:conflicts", "deconfliction:conflicts_views", "deconfliction:conflict"),
        _("Two operations that meet in place and time, or share a subject. Both sides were told whom to call."),
        (
            _("Call the other side. Then say that you have talked, and what was agreed."),
            _("Seen stops your alarm. It starts again 30 minutes before the start if nobody has talked."),
            _("Direct: one place lies inside the other's zone. Near: the zones touch."),
            _("You are shown no place of the other side, and they none of yours."),
            _("If nobody answers, the watch desk takes it over."),
        ),
        (_("That a conflict is settled here proves that somebody said so, not that both teams know."),),
    ),
    Topic(
        "watch-desk",
        _("Watch desk"),
        ("deconfliction:desk", "deconfliction:desk_conflict", "deconfliction:desk_wall"),
        _("One screen for a shift: every conflict that is not settled, those with the least time left first."),
        (
            _("Take one, call the side that has not seen it, read the sentence out, and press how it went."),
            _("Who says that they know, and who is connected, must be known: by voice, by calling back, or by PIN."),
            _("A row turns loud when everyone of a side was told in vain. Silence mutes this one row in this window."),
            _("Leave the screen open and in sight: after a minute without it the others of the desk are told."),
            _("The wall view shows counts and times, and no name, agency or telephone."),
        ),
        (_("A screen that is heard proves that a page is open, not that somebody looks at it."),),
    ),
    Topic(
        "telephone-entry",
        _("Enter for a caller"),
        ("deconfliction:desk_enter", "deconfliction:desk_entered"),
        _("Register for somebody on the telephone, also without an account, and read the answer out."),
        (
            _("Know who it is first: a voice that you know, a call back on the listed number, or a PIN."),
            _("An agency that is not in the list is typed in. Its operation is registered under yours."),
            _("Left empty, the radius is as usual for the type, and the lead contact is the caller."),
            _("Give the real time of a call that was taken on paper. The history shows it."),
            _("The answer is yours for an hour. Later you see of it what the desk sees of any operation."),
        ),
        (_("A right PIN proves that the caller knows it, not that nobody else does."),),
    ),
    Topic(
        "practice",
        _("Practise"),
        ("deconfliction:practice",),
        _("A conflict that is made up, for somebody new at the watch desk to work through alone."),
        (
            _("Start makes two invented plans that meet. Work on them at the desk as on any other; nobody is alarmed."),
            _("The checklist ticks itself by what really happened. The other side answers after each logged call."),
            _("Finish keeps who practised, when, how long and which steps. Stop here takes the plans back."),
        ),
        (_("It is no proof that somebody would do it on a real night."),),
    ),
    Topic(
        "led-exercises",
        _("Led exercises"),
        (
            "deconfliction:exercises",
            "deconfliction:exercise",
            "deconfliction:exercise_sheet",
            "deconfliction:exercise_report",
        ),
        _("A controller leads, evaluators watch, the desk plays: planned, run, rated and reported on."),
        (
            _("Copy the shipped hour and change it, or plan your own: people, objectives, and the list of injects."),
            _("While it runs, operations are registered by themselves. You read out, call, and tick off the rest."),
            _("Evaluators rate each objective P, S, M or U beside what Vigil measured, on the page or on paper."),
            _("End it, and the report has ratings, measures, the timeline and a plan of corrective actions."),
        ),
        (_("It measures what was logged, not how well it was done. A live conflict comes first at any time."),),
    ),
    Topic(
        "receipts",
        _("Receipts"),
        ("deconfliction:check_receipt",),
        _("The signed proof of one answer: who was asked, who answered, when."),
        (
            _("The operation's page gives it as a sheet with a QR code and as a file."),
            _("Whoever holds it checks it here or with a command on any machine: it was changed, or it was not."),
        ),
        NOT_PROVED,
    ),
    Topic(
        "search",
        _("Search"),
        ("find",),
        _("One box over what you may see: numbers, contacts, subjects, other agencies, whom to call, pages."),
        (
            _("Press / on any page. An operation asked for by its number opens at once."),
            _("Give a case number or a subject whole. Places and objectives are not searched."),
            _("What you type stands in no address. That you searched is recorded."),
        ),
        (_("It finds what you may read. What it does not find may exist."),),
    ),
    Topic(
        "map",
        _("Map"),
        ("deconfliction:map",),
        _("Your operations as zones, true to scale, with the same rows in the table beside it."),
        (
            _("Click a zone or press Enter on a row for its card."),
            _("The time slider filters map and table together."),
            _("Print gives map, legend and list. The map itself needs JavaScript and WebGL; the table does not."),
        ),
        (_("Other agencies' operations are not drawn. An empty map is no answer: register, and read the answer."),),
    ),
    Topic(
        "timeline",
        _("Timeline"),
        ("deconfliction:timeline",),
        _("Your agency's operations over a day or a week, with the time in which another team is active near one."),
        (
            _("Each lane is one operation, or a series. The full bar is its time, the pale one its buffers."),
            _("The line under a bar is the time in which both teams are active."),
            _("Every bar is a link. The table below holds the same."),
        ),
        NOT_PROVED[:2],
    ),
    Topic(
        "series",
        _("A series of operations"),
        ("deconfliction:repeat", "deconfliction:series"),
        _("The same operation on several days. Each day is an operation of its own, with its own answer."),
        (
            _("Days that are not registered yet stand on top as NOT REGISTERED."),
            _("Moving or cancelling several at once is a change of each, and asks everyone again for each."),
        ),
        (_("The answer of one day says nothing about another day."),),
    ),
    Topic(
        "history",
        _("History"),
        ("deconfliction:history",),
        _("Past operations, what was answered, and what came of their conflicts."),
        (
            _("Filter by time, type, answer, outcome and agency. The file holds exactly the rows shown."),
            _("What retention has removed stands below as counts by month."),
        ),
        (_("It holds what people noted. A conflict that nobody settled here may have been settled by voice."),),
    ),
    Topic(
        "alarm-quality",
        _("Alarm quality"),
        ("deconfliction:quality",),
        _("How soon an alarm is seen, how soon both sides talk, and whether that is 30 minutes before the start."),
        (
            _("Read the interval before the share: with a few cases it is wide."),
            _("Late entries and conflicts that began unacknowledged are the first to ask about."),
        ),
        (_("It counts what was registered and logged. A call that nobody logged counts as never."),),
    ),
    Topic(
        "policy-study",
        _("Policy study"),
        (
            "deconfliction:studies",
            "deconfliction:study",
            "deconfliction:study_stop",
            "deconfliction:study_csv",
            "deconfliction:study_numbers",
        ),
        _("How many alarms the same operations would have raised with other radii and buffers."),
        (
            _(
                "Send a file, or take your agency's past pairs where it keeps them. Each radius is tried with each "
                "buffer."
            ),
            _("You may leave the page while it counts, or stop it. The file is deleted once counted."),
            _("The page What each number means explains them one by one."),
        ),
        (
            _("It replays what was registered. What nobody registered is missing."),
            _("A setting that loses a pair may lose the one that mattered. It is no forecast."),
        ),
    ),
    Topic(
        "purge",
        _("Purge"),
        ("deconfliction:purges", "deconfliction:legal_hold"),
        _("What was removed, what is due, what is held and why."),
        (
            _("It runs by itself every hour, by the days under Set-up, Retention. It cannot be undone."),
            _("A legal hold keeps everything of one operation until it is lifted."),
        ),
        (_("Backups, downloads and prints hold what they held. Delete those yourself."),),
    ),
    Topic(
        "emergency",
        _("Emergency access"),
        ("glass:accesses", "glass:begin"),
        _("An administrator reads operations when somebody's safety needs it and nobody else can be reached."),
        (
            _("Call the watch desk first: it reads operations without this."),
            _("Say in words what has happened. Those who are told and the auditors read it."),
            _("It ends by itself at the time that the red bar shows. End it before as soon as you know enough."),
            _("If you were told of one: call the person, and end it if the reason does not hold."),
        ),
        (_("It opens the own agency's operations to be read. Silent ones stay hidden, and nothing can be changed."),),
    ),
    Topic(
        "audit",
        _("Audit"),
        ("audit:review", "audit:sign", "audit:records", "audit:records_csv", "audit:head"),
        _("For auditors: what was unusual in seven days, and every record of who did what."),
        (
            _("Look at each pattern's records, ask the person or their supervisor, then sign the week. One a week."),
            _(
                "A person who reads forty operations in an hour may be the watch desk on a bad day. "
                "Look before you judge."
            ),
            _(
                "Take the node's signed head out each month and keep it elsewhere: "
                "nobody can cut off what came before it."
            ),
        ),
        (
            _("A record says who did what to which number. What stood in it is not kept, only a digest."),
            _("It cannot show what was done past the application, on the disk itself."),
        ),
    ),
    Topic(
        "import",
        _("Import"),
        ("deconfliction:import", "deconfliction:import_map", "deconfliction:import_check", "deconfliction:import_run"),
        _("Take operations from a file of your records system, as CSV or Excel."),
        (
            _("Say once which column is what; the mapping can be kept under a name."),
            _("The check shows each bad row with line, column and reason before anything is stored."),
            _("Importing the same file again updates; it never doubles. Rows that vanished are listed and kept."),
        ),
        (_("INCOMPLETE means that some operations were left out. They are listed, and they were not searched."),),
    ),
    Topic(
        "interests",
        _("Registered interests"),
        ("deconfliction:interests", "deconfliction:interest_register"),
        _("Ask about a person, telephone, plate or other subject without an operation, for up to 180 days."),
        (
            _("Whoever registers the same subject is told whom to call, and so are you."),
            _("Renew it before it ends; you are reminded. End it when you no longer need it."),
            _("A person needs a birth date and a plate its state, or it cannot be compared."),
        ),
        (_("No match means that nobody has registered this subject here. It says nothing about the person."),),
    ),
    Topic(
        "task-forces",
        _("Task forces"),
        ("deconfliction:task_forces", "deconfliction:task_force_found", "deconfliction:task_force_members"),
        _("People of several agencies who see the operations that are shared with the task force, and no others."),
        (
            _("An agency administrator founds one, and each agency names its own members."),
            _("Whoever registers an operation decides whether it is shared."),
            _("Subjects and the case never go along."),
        ),
    ),
    Topic(
        "calendar",
        _("Calendar"),
        ("deconfliction:calendar",),
        _("Your own operations in your calendar program, without places, names or cases."),
        (_("The address is a secret: whoever has it can read the feed. Make a new one when in doubt."),),
    ),
    Topic(
        "whom-to-call",
        _("Whom to call"),
        (
            "whom_to_call:directory",
            "whom_to_call:new",
            "whom_to_call:edit",
            "whom_to_call:import",
            "whom_to_call:shipped",
        ),
        _("The watch desks, partner nodes and national systems that serve a place."),
        (
            _("Give a ZIP code, a county with its state, or a state, or click on the map."),
            _("Each telephone stands with the day somebody last checked it. After a year it is marked."),
            _("A region stands with where it is from. Ask the centre before you rely on one."),
        ),
        (_("A gap means that this list knows nobody, not that nobody is there."),),
    ),
    Topic(
        "near-misses",
        _("Near misses"),
        (
            "near_miss:library",
            "near_miss:lesson",
            "near_miss:foreign_lesson",
            "near_miss:recommendations",
            "near_miss:files",
            "near_miss:digests",
            "near_miss:subscription",
            "near_miss:feed",
            "near_miss:partners",
            "near_miss:foreign_import",
            "near_miss:foreign_check",
        ),
        _("What nearly happened elsewhere, and what others learned from it."),
        (
            _("Type words, or choose a kind of call, a factor or a time of day, and press Show."),
            _("A lesson can be printed, also as a sheet for roll call. Files has all of them, and a feed."),
            _("What your agency does about a lesson stands below it, and on Recommendations by the day it is due."),
        ),
        (_("You tell a near miss of your own at the door without names, not here: this page knows who you are."),),
    ),
    Topic(
        "near-miss-patterns",
        _("Patterns of near misses"),
        ("near_miss:patterns",),
        _("What the published lessons have in common: factors, kinds of call, times, how bad it could have been."),
        (
            _("Choose a kind of call and press Show. The officer, the other person and the circumstances stand apart."),
            _("Behind each number stands its interval: with few lessons it is wide, and the number says little."),
        ),
        (
            _("A number from 1 to 4 is not shown, nor another that would tell it. 0 is shown."),
            _("Kinds of call with few lessons are shown together. A quarter is counted when it is over."),
        ),
    ),
    Topic(
        "case-studies",
        _("Case studies"),
        (
            "near_miss:studies",
            "near_miss:study",
            "near_miss:encounters",
            "near_miss:new_encounter",
            "near_miss:encounter",
            "near_miss:consents",
        ),
        _("Assaults on officers from three sides: the officer, the offender, the circumstances."),
        (
            _("A supervisor submits an encounter: tick the toolkit's criteria, fill the panels, save in between."),
            _("Write down who consented; a witness confirms it. A hold stops publication and destruction."),
            _("Reviewers mask it, a second one reads it, and another than who coded it publishes it."),
        ),
        (_("Submitting takes the text out of your agency's reach. Print the draft before, if you want to keep it."),),
    ),
    Topic(
        "near-miss-review",
        _("Review of near misses"),
        ("near_miss:queue", "near_miss:report", "near_miss:untold", "near_miss:who", "near_miss:reviewers"),
        _("How reports become lessons: triage, masking, a second reviewer, coding, publication."),
        (
            _("Make your key under a passphrase that you use nowhere else. Open it for half an hour to read."),
            _("Say first whether others must hear of it now. Then mask, and let another reviewer agree."),
            _("You can ask the reporter, and tell them what was done. Only their receipt opens it."),
        ),
        (
            _("Your key opens nothing until another reviewer has confirmed it: read its fingerprint to them."),
            _("Nobody can reset a passphrase. With a new key another reviewer must let you read what came before."),
            _("The raw text is destroyed thirty days after a review has ended."),
        ),
    ),
    Topic(
        "policy",
        _("Policy"),
        ("policy:policy", "policy:acknowledge"),
        _("The deconfliction policy of your agency, filled from its settings."),
        (
            _("Read it and say so. Administrators see who has."),
            _("When settings change afterwards, the page says what differs. Mend the setting, or adopt it anew."),
        ),
        (_("It is a model. Have your counsel read it before you adopt it."),),
    ),
    Topic(
        "who-looked",
        _("Who looked"),
        ("deconfliction:looks",),
        _("Who opened an operation of your agency, and when."),
        (_("Give the operation's number. You see people and times, not the operation."),),
        (_("It shows looks through this node. What somebody told others by voice stands nowhere."),),
    ),
    Topic(
        "fishing",
        _("Fishing"),
        ("deconfliction:fishing", "deconfliction:fishing_case", "deconfliction:agency_budgets"),
        _("Whose registrations look as if they were made to learn of others' operations."),
        (
            _("Read the reasons, look at what was asked and found, then telephone the person's supervisor."),
            _("Settle it as explained, or pass it to the agency or the auditor. Write how you know."),
            _("Budgets never refuse a registration. An agency sets its own under Set-up."),
        ),
        (
            _("A patient person who asks little and keeps what they registered is not seen here."),
            _("Whoever is found is always told who asked. That is the protection; this page comes second."),
        ),
    ),
    Topic(
        "set-up",
        _("Set-up"),
        ("setup",),
        _("What is missing before the node is ready, and the way to every set-up page."),
        (
            _("Needed comes first. Each line leads to the page that mends it, or names the command."),
            _("A setting counts as reviewed when somebody has saved its page, changed or not."),
        ),
        (_("Ready means that these settings were made. It does not mean that they are right for your agency."),),
    ),
    Topic(
        "people",
        _("People"),
        ("people", "new_person", "person"),
        _("Who may log in, with which roles, in which agency."),
        (
            _("A new person gets a first password that is shown once. They must change it before anything opens."),
            _(
                "Give each person no more roles than their work needs. An administrator sees no operations by that "
                "role."
            ),
            _("Switch the account off when somebody leaves. Nothing is deleted, and it can be undone."),
            _("Appoint a second administrator: the last one can be neither switched off nor lose the role."),
        ),
    ),
    Topic(
        "accounts",
        _("Accounts"),
        ("accounts", "ask_account", "decide_request", "account_review", "lend", "invite"),
        _("Requests of accounts, the yearly review, lent officers, and invitations from a file."),
        (
            _(
                "Who asks for an account names a contact. The contact confirms them, then an administrator who is "
                "not the contact approves or refuses, with a reason."
            ),
            _(
                "Each account is confirmed once a year by somebody else than its owner. What nobody confirms stops "
                "30 days after its day."
            ),
            _("An account that nobody used for 90 days is switched off a week later. Switch it on again by hand."),
            _("A lent officer keeps the own login. The role ends by itself, at most 90 days later."),
            _("First passwords of an invitation come out once: print the sheet or take the file before you leave it."),
        ),
        (_("A confirmed contact says that somebody knows the person. It is no check of their identity."),),
    ),
    Topic(
        "way-back",
        _("Way back in"),
        ("way_back",),
        _("For somebody who lost the passkey, the telephone or the password, at any hour."),
        (
            _("Find the person, hang up, and call the number on file. Never one that the caller gives you."),
            _("At the watch desk a second person gives the code. An administrator of the person needs no second one."),
            _("The code counts once, for ten minutes, after the password."),
        ),
        (_("Everybody concerned is told: the person at the next login, their administrators at once."),),
    ),
    Topic(
        "agency-and-node",
        _("Agency, node and watch desk"),
        (
            "agencies:agency",
            "agencies:agencies",
            "agencies:one_agency",
            "agencies:node",
            "agencies:watch_desk",
            "deconfliction:deconflictor",
            "deconfliction:agency_deconflictor",
            "deconfliction:on_call",
        ),
        _("Names, region, telephones and hours that others read."),
        (
            _("The region is where maps open. A plan outside it is flagged and taken."),
            _("The desk's telephone stands where people look when they need it. Call it once to test it."),
            _("The deconflictor speaks with both sides when a silent operation meets another one."),
            _("The account that your agency names sees its silent operations and is told where they meet others."),
        ),
        (_("The hours are said, not watched: no page knows whether somebody really sits at the desk."),),
    ),
    Topic(
        "tak-server",
        _("TAK server"),
        ("deconfliction:tak_server",),
        _("Puts your agency's own zones on the maps of your officers' devices (ATAK, WinTAK, iTAK)."),
        (
            _("Give the host, the client certificate and the trust store that your TAK server's administrator made."),
            _("The certificate's groups decide who sees the zones: your own group alone."),
            _("The page says since when the line stands, or since when it does not."),
        ),
        (_("A device that is off or out of reach sees nothing: TAK never stands for an alarm or a call."),),
    ),
    Topic(
        "lead-time-and-types",
        _("Lead time and types"),
        ("deconfliction:agency_rules",),
        _("How early your agency registers, and the radius and minutes that the form fills in for each type."),
        (
            _("They count for operations registered or changed from now on."),
            _("Save the page once even if you change nothing: then it is known that somebody looked."),
        ),
        (_("The shipped values are this project's own. No national norm is public."),),
    ),
    Topic(
        "retention",
        _("Retention"),
        ("agencies:retention",),
        _("How long places and subjects are kept after an operation is over."),
        (
            _("Short is safer: what is not there cannot leak. Your records schedule may ask for longer."),
            _("Nothing goes while a conflict is open, a question is unanswered or a legal hold is set."),
        ),
        (_("Copies that were read out or printed, and backups, are not reached by a purge."),),
    ),
    Topic(
        "streets",
        _("Streets"),
        ("gazetteer:streets",),
        _("Which streets are imported, so that a place can be typed as an address and the map shows them."),
        (
            _("The node's operator brings files in with: vigil places import FILE --source NAME."),
            _(
                "The same name replaces an import when all of it is read. Removing one leaves every operation its "
                "place."
            ),
        ),
        (
            _("An address is as right as the file. A number on a block may be off by the block; the zone grows by it."),
            _("Above 250 m a pin is asked for."),
        ),
    ),
    Topic(
        "partners",
        _("Partner nodes"),
        ("deconfliction:partners", "deconfliction:partner"),
        _("Which other nodes are asked at each search, and how each of them stands."),
        (
            _("While one is silent, answers are incomplete: telephone its watch desk. It is asked again by itself."),
            _("Pairing takes two administrators: each takes the other's file in, and both read fingerprints aloud."),
            _("Call a number that you know. A number from the file or an e-mail may be a forger's."),
            _("Whoever leaves is named on every receipt as not covered."),
        ),
        (_("A partner that lies can hide its own operation. Its signed answers show it later."),),
    ),
    Topic(
        "account",
        _("Your account"),
        ("account", "password", "account_requests"),
        _("Your name, your password, and tokens by which programs act as you."),
        (
            _("Change a password that somebody else may know."),
            _("A token can do what you can do within its scope. Revoke it when the program is gone."),
        ),
    ),
    Topic(
        "locks",
        _("Locked logins"),
        ("locks",),
        _("Who is locked out after five failed logins within 15 minutes, and from where."),
        (
            _("Call the person at a number that you know. Release the lock only if it was them."),
            _("From an address that nobody of yours uses, somebody guesses. Leave that lock: it keeps out only them."),
            _("A passkey is never locked. Who has one can log in with it meanwhile."),
        ),
    ),
    Topic(
        "telephone-pin",
        _("Telephone PIN"),
        ("telephone_pin",),
        _("Six digits by which the watch desk knows you on the telephone."),
        (
            _("Tell it to the watch desk alone, and only when you have called it. It opens no login."),
            _("Five wrong guesses in a row lock it. Setting another one opens it again."),
        ),
        (_("Whoever listens to the call knows it too. Set another then."),),
    ),
    Topic(
        "passkeys",
        _("Passkeys and codes"),
        ("factors", "app", "confirm"),
        _("What you log in with. A password alone opens nothing."),
        (
            _("A passkey is a security key, or this device with your finger, face or PIN. It needs no password."),
            _("A code app shows six digits on your telephone. You type them after your password. Each counts once."),
            _("Recovery codes are for when all else is lost. Keep them on paper, apart from your device."),
            _("Keep two of these. Then a lost key at 4 a.m. stops nothing."),
            _("Lost everything? An administrator of your agency gives you a first password, and you begin again."),
        ),
        (_("A passkey shows that the device's holder is there. Who lends the device and its PIN lends the account."),),
    ),
)

FAQ = (
    (
        _("Does “no known conflict” mean that I am safe?"),
        _(
            "No. It means that nothing registered meets your operation, on those who were asked, at that time. Teams "
            "that "
            "registered with nobody are not found."
        ),
    ),
    (
        _("What does “incomplete” mean?"),
        _(
            "Somebody on the roster has not answered yet. The page names them and their telephone. Call them, or wait: "
            "they are asked again until they answer."
        ),
    ),
    (
        _("What does the other side see of mine?"),
        _(
            "Your agency, the contacts' names and telephones, how near and when, and the flags plain clothes and "
            "armed and "
            "dangerous unless you withhold them. Never the place, the distance, the subjects or the case."
        ),
    ),
    (
        _("Can I register when it has begun already?"),
        _("Yes. It is searched at once. Reason and approver are asked for afterwards."),
    ),
    (
        _("The time is not fixed yet. What now?"),
        _("Register it as tentative with the whole span, up to 14 days. Fixing the time asks again."),
    ),
    (
        _("We work with the other team. How does the alarm stop?"),
        _("Offer to run the two together. When both have accepted, they no longer meet each other."),
    ),
    (
        _("I entered something wrong. Is that bad?"),
        _("Change it. A change is a new question, and everyone who was told is told again."),
    ),
    (
        _("Does it ask RISSafe, SAFETNet or Case Explorer?"),
        _("No. This node cannot reach them. Ask them by telephone, and note on the form the number that you get."),
    ),
    (
        _("Who can see that I looked?"),
        _(
            "Each look at an operation or a conflict is recorded with name and time. Administrators of its agency can "
            "read that, without the operation."
        ),
    ),
    (
        _("What happens when the connection is lost?"),
        _("The page says so, and its answer no longer counts. Call the watch desk."),
    ),
    (
        _("How long is it kept?"),
        _("As long as your agency has set: the policy says it. Receipts stay as proof, without place or name."),
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
