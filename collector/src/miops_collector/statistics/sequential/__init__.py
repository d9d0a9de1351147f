"""Tests and detectors that look again with every row.

``normal_mixture`` stays valid however often one looks. The classic detectors of the field are here for those who know
and want them: functions of a batch and of the state after the batch before, with River's defaults and its detections.
Only ``cusum`` has a known rate of false alarms; those of the others were simulated and stand in their notes.
"""
