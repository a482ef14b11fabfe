"""The shipped list: names and regions only. No telephone here that nobody has checked."""

SHIPPED = """\
kind,system,name,states,counties,phone,hours,checked_on,checked_by
national_system,RISSafe,MAGLOCLEN (RISS),DE DC IN MD MI NJ NY OH PA,,,,,
national_system,RISSafe,MOCIC (RISS),IL IA KS MN MO NE ND SD WI,,,,,
national_system,RISSafe,NESPIN (RISS),CT ME MA NH RI VT,,,,,
national_system,RISSafe,RMIN (RISS),AZ CO ID MT NV NM UT WY,,,,,
national_system,RISSafe,ROCIC (RISS),AL AR FL GA KY LA MS NC OK PR SC TN TX VA VI WV,,,,,
national_system,RISSafe,WSIN (RISS),AK CA GU HI OR WA,,,,,
national_system,SAFETNet,SAFETNet (through a HIDTA's deconfliction desk),,,,,,
national_system,Case Explorer,Case Explorer (Washington/Baltimore HIDTA),,,,,,
"""
