"""Where the rules for the electrocardiogram come from: citations, the same in every language, complete enough to find.

What readers commonly do and no paper is needed for, and what was chosen here, is cited as this project's own rule.
"""

from __future__ import annotations

__all__ = [
    "ARMSTRONG",
    "ATRIAL_FIBRILLATION",
    "BRADYCARDIA",
    "CHAMBERS",
    "CHEST_LEADS",
    "CHILDREN",
    "CORNELL",
    "CORNELL_PRODUCT",
    "CORONARY",
    "CORONARY_2017",
    "EARLY_REPOLARISATION",
    "EINTHOVEN",
    "INFARCTION",
    "LIMB_LEADS",
    "MINNESOTA",
    "OWN",
    "PEGUERO",
    "POOR_R",
    "P_TERMINAL",
    "QRS",
    "REPOLARISATION",
    "ROMHILT_ESTES",
    "SHORT_QT",
    "SMITH",
    "SOKOLOW",
    "STRAUSS",
    "SUPRAVENTRICULAR",
    "SUPRAVENTRICULAR_2015",
    "TECHNOLOGY",
    "VENTRICULAR",
    "YANKELSON",
]

OWN = "Suwen"
BRADYCARDIA = "ACC/AHA/HRS 2018 (Kusumoto et al., J Am Coll Cardiol 2019;74)"
SUPRAVENTRICULAR = "ESC 2019 (Brugada et al., Eur Heart J 2020;41)"
SUPRAVENTRICULAR_2015 = "ACC/AHA/HRS 2015 (Page et al., Circulation 2016;133)"
ATRIAL_FIBRILLATION = "ESC 2024 (Van Gelder et al., Eur Heart J 2024;45)"
VENTRICULAR = "AHA/ACC/HRS 2017 (Al-Khatib et al., Circulation 2018;138)"
CHILDREN = "AHA Pediatric Advanced Life Support; Fleming et al., Lancet 2011;377"
TECHNOLOGY = "AHA/ACC/HRS 2007 (Kligfield et al., Circulation 2007;115)"
QRS = "AHA/ACCF/HRS 2009 (Surawicz et al., J Am Coll Cardiol 2009;53)"
REPOLARISATION = "AHA/ACCF/HRS 2009 (Rautaharju et al., J Am Coll Cardiol 2009;53)"
CHAMBERS = "AHA/ACCF/HRS 2009 (Hancock et al., Circulation 2009;119)"
INFARCTION = "ESC/ACC/AHA/WHF 2018 (Thygesen et al., Fourth Universal Definition of Myocardial Infarction)"
CORONARY = "ESC 2023 (Byrne et al., Eur Heart J 2023;44)"
CORONARY_2017 = "ESC 2017 (Ibanez et al., Eur Heart J 2018;39)"
SMITH = "Smith et al., Ann Emerg Med 2012;60; Sgarbossa et al., N Engl J Med 1996;334"
ARMSTRONG = "Armstrong et al., Am J Cardiol 2012;110"
EARLY_REPOLARISATION = "Macfarlane et al., J Am Coll Cardiol 2015;66"
POOR_R = "Zema & Kligfield, Arch Intern Med 1982;142"
STRAUSS = "Strauss et al., Am J Cardiol 2011;107"
SOKOLOW = "Sokolow & Lyon, Am Heart J 1949;37"
CORNELL = "Casale et al., J Am Coll Cardiol 1985;6"
CORNELL_PRODUCT = "Molloy et al., J Am Coll Cardiol 1992;20"
PEGUERO = "Peguero et al., J Am Coll Cardiol 2017;69"
ROMHILT_ESTES = "Romhilt & Estes, Am Heart J 1968;75"
P_TERMINAL = "Morris et al., Circulation 1964;29"
MINNESOTA = "Prineas et al., Minnesota Code Manual, 2nd ed. 2010, code 9-1"
SHORT_QT = "ESC 2015 (Priori et al., Eur Heart J 2015;36)"
YANKELSON = "Yankelson et al., J Electrocardiol 2018;51"
LIMB_LEADS = "Rosen et al., Int J Med Students 2014;2 (Part I)"
CHEST_LEADS = "Rosen et al., Int J Med Students 2014;2 (Part II)"
EINTHOVEN = "Einthoven et al. 1913; Goldberger, Am Heart J 1942;23"
