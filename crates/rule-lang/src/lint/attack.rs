//! The techniques of MITRE ATT&CK, to tell tags that name none.

use crate::diagnostic::quoted;

/// Numbers of the techniques for enterprises in version 18.1, each with the number of its last sub-technique.
#[rustfmt::skip]
const TECHNIQUES: &[(u16, u16)] = &[
    (1001, 3), (1003, 8), (1005, 0), (1006, 0), (1007, 0), (1008, 0), (1010, 0), (1011, 1), (1012, 0),
    (1014, 0), (1016, 2), (1018, 0), (1020, 1), (1021, 8), (1025, 0), (1027, 17), (1029, 0), (1030, 0),
    (1033, 0), (1036, 12), (1037, 5), (1039, 0), (1040, 0), (1041, 0), (1046, 0), (1047, 0), (1048, 3),
    (1049, 0), (1052, 1), (1053, 7), (1055, 15), (1056, 4), (1057, 0), (1059, 13), (1068, 0), (1069, 3),
    (1070, 10), (1071, 5), (1072, 0), (1074, 2), (1078, 4), (1080, 0), (1082, 0), (1083, 0), (1087, 4),
    (1090, 4), (1091, 0), (1092, 0), (1095, 0), (1098, 7), (1102, 3), (1104, 0), (1105, 0), (1106, 0),
    (1110, 4), (1111, 0), (1112, 0), (1113, 0), (1114, 3), (1115, 0), (1119, 0), (1120, 0), (1123, 0),
    (1124, 0), (1125, 0), (1127, 3), (1129, 0), (1132, 2), (1133, 0), (1134, 5), (1135, 0), (1136, 3),
    (1137, 6), (1140, 0), (1176, 2), (1185, 0), (1187, 0), (1189, 0), (1190, 0), (1195, 3), (1197, 0),
    (1199, 0), (1200, 0), (1201, 0), (1202, 0), (1203, 0), (1204, 5), (1205, 2), (1207, 0), (1210, 0),
    (1211, 0), (1212, 0), (1213, 6), (1216, 2), (1217, 0), (1218, 15), (1219, 3), (1220, 0), (1221, 0),
    (1222, 2), (1480, 2), (1482, 0), (1484, 2), (1485, 1), (1486, 0), (1489, 0), (1490, 0), (1491, 2),
    (1495, 0), (1496, 4), (1497, 3), (1498, 2), (1499, 4), (1505, 6), (1518, 2), (1525, 0), (1526, 0),
    (1528, 0), (1529, 0), (1530, 0), (1531, 0), (1534, 0), (1535, 0), (1537, 0), (1538, 0), (1539, 0),
    (1542, 5), (1543, 5), (1546, 18), (1547, 15), (1548, 6), (1550, 4), (1552, 8), (1553, 6), (1554, 0),
    (1555, 6), (1556, 9), (1557, 4), (1558, 5), (1559, 3), (1560, 3), (1561, 2), (1562, 13), (1563, 2),
    (1564, 14), (1565, 3), (1566, 4), (1567, 4), (1568, 3), (1569, 3), (1570, 0), (1571, 0), (1572, 0),
    (1573, 2), (1574, 14), (1578, 5), (1580, 0), (1583, 8), (1584, 8), (1585, 3), (1586, 3), (1587, 4),
    (1588, 7), (1589, 3), (1590, 6), (1591, 4), (1592, 4), (1593, 3), (1594, 0), (1595, 3), (1596, 5),
    (1597, 2), (1598, 4), (1599, 1), (1600, 2), (1601, 2), (1602, 2), (1606, 2), (1608, 6), (1609, 0),
    (1610, 0), (1611, 0), (1612, 0), (1613, 0), (1614, 1), (1615, 0), (1619, 0), (1620, 0), (1621, 0),
    (1622, 0), (1647, 0), (1648, 0), (1649, 0), (1650, 0), (1651, 0), (1652, 0), (1653, 0), (1654, 0),
    (1656, 0), (1657, 0), (1659, 0), (1665, 0), (1666, 0), (1667, 0), (1668, 0), (1669, 0), (1671, 0),
    (1672, 0), (1673, 0), (1674, 0), (1675, 0), (1677, 0), (1678, 0), (1679, 0), (1680, 0), (1681, 0),
];

/// Numbers past the last one of the table that later versions may have given: version 19 has some of them.
const LATER: u16 = 1799;

/// What is wrong with the number of a technique, such as `t1552.007`; `None` when it is one, or no such number.
pub(super) fn unknown(name: &str) -> Option<String> {
    let (technique, part) = match name.strip_prefix('t')?.split_once('.') {
        Some((technique, part)) => (technique, Some(part)),
        None => (name.strip_prefix('t')?, None),
    };
    let number: u16 = technique.parse().ok()?;
    let last = TECHNIQUES.last().map_or(0, |(last, _)| *last);
    if (last + 1..=LATER).contains(&number) {
        return None;
    }
    let found = TECHNIQUES.binary_search_by_key(&number, |(known, _)| *known);
    let Some((_, parts)) = found.ok().and_then(|at| TECHNIQUES.get(at)) else {
        return Some(format!(
            "ATT&CK has no technique {}",
            quoted(&format!("T{technique}"))
        ));
    };
    let known = part?
        .parse()
        .is_ok_and(|part: u16| (1..=*parts).contains(&part));
    (!known).then(|| match parts {
        0 => format!("T{technique} of ATT&CK has no sub-techniques"),
        _ => format!("the sub-techniques of T{technique} go from 001 to {parts:03}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_order() {
        assert!(TECHNIQUES.is_sorted());
    }

    #[test]
    fn techniques_and_their_parts() {
        for name in [
            "t1610",
            "t1552.007",
            "t1562.013",
            "t1685",
            "tactic",
            "g0139",
            "t1078.001",
        ] {
            assert_eq!(unknown(name), None, "{name}");
        }
        for name in [
            "t9999",
            "t1609.999",
            "t1552.000",
            "t1552.009",
            "t1000",
            "t1086",
        ] {
            assert!(unknown(name).is_some(), "{name}");
        }
    }
}
