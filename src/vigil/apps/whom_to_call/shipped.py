"""The shipped list: names, and those regions that a public page names. No telephone here that nobody has checked.

What no source was found for is left out: Guam, which may be of WSIN's region, and the regions of SAFETNet and Case
Explorer. The sources were read as stored copies; the day is when the copy was read.
"""

SHIPPED = """\
kind,system,name,states,source
national_system,RISSafe,MAGLOCLEN (RISS),DE DC IN MD MI NJ NY OH PA,\
"en.wikipedia.org, Regional Information Sharing Systems, seen 2026-11-26"
national_system,RISSafe,MOCIC (RISS),IL IA KS MN MO NE ND SD WI,\
"en.wikipedia.org, Regional Information Sharing Systems, seen 2026-11-26"
national_system,RISSafe,NESPIN (RISS),CT ME MA NH RI VT,\
"en.wikipedia.org, Regional Information Sharing Systems, seen 2026-11-26"
national_system,RISSafe,RMIN (RISS),AZ CO ID MT NV NM UT WY,\
"bja.ojp.gov, award 15PBJA-21-GG-00350-RISS of 2021, seen 2026-11-26"
national_system,RISSafe,ROCIC (RISS),AL AR FL GA KY LA MS NC OK PR SC TN TX VA VI WV,\
"marshall.edu/news/?p=18800, seen 2026-11-26"
national_system,RISSafe,WSIN (RISS),AK CA HI OR WA,\
"govtech.com, Better Blogging, 2003, seen 2026-11-26"
national_system,SAFETNet,SAFETNet (run by HIDTAs),,
national_system,Case Explorer,Case Explorer (Washington/Baltimore HIDTA),,
"""
