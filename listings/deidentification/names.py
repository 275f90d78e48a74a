"""What the name of a column says of its role: known quasi-identifiers, keys of persons, measures.

Chinese names are matched by what they contain, English ones by their words (`birth_date`, `BirthDate`, `birth date`).
A name that ends in what is counted or measured (患者人数, age_count) says nothing of a person.
"""

import re

_ENGLISH = {
    "age": "age ages",
    "sex": "sex gender",
    "birth": "birth birthday birthdate dob born",
    "post_code": "zip zipcode postcode postal",
    "place": "address city county district province street town village residence country location neighbourhood",
    "ethnicity": "ethnicity ethnic race",
    "occupation": "occupation job profession workclass",
    "education": "education degree school university",
    "marriage": "marital marriage",
    "belief": "nationality religion citizenship",
    "employer": "employer company",
    "number": "phone mobile plate licence license passport policy ssn",
}
_CHINESE = {
    "age": "年龄|岁数|周岁",
    "sex": "性别",
    "birth": "出生|生日|生年",
    "post_code": "邮编|邮政编码",
    "place": "住址|地址|籍贯|户籍|居住|区县|街道|社区|乡镇|村|城市|省份|市县|行政区|小区",
    "ethnicity": "民族",
    "occupation": "职业|工种|岗位|职务|职称",
    "education": "学历|文化程度|学位|教育程度|院校|学校",
    "marriage": "婚姻|婚育",
    "belief": "国籍|宗教|政治面貌",
    "employer": "工作单位|就职单位|雇主",
    "number": "学号|工号|车牌|手机|电话|住院号|病历号|就诊卡|就诊号|保单|证件号|身份证|社保号|医保号|门牌|房号|银行卡",
}
OBVIOUS = (
    "age",
    "sex",
    "birth",
    "post_code",
)  # everybody can see or look them up: marking them sensitive hides nothing

_MEASURE_ENDS = re.compile(
    "(?:数|数量|次数|人次|人数|量|率|比例|占比|金额|费用|费|价|价格|单价|余额|收入|支出|得分|分数|成绩|温度|湿度|浓度|指数|"
    "时长|里程|面积|重量|体重|身高|值|费用档|额|均)$"
)
_MEASURES = (
    "amount price cost fee count total sum score rate ratio value balance quantity qty salary income temperature "
    "duration weight fnlwgt index level mean average avg percent n gain loss hours humidity"
)
_PERSON = (
    "用户|会员|客户|顾客|患者|病人|居民|参保人|人员|个人|员工|职工|学生|乘客|车主|业主|户主|账户|帐户|手机|移动|证件|"
    "身份证|病历|住院|就诊|社保|医保|银行卡|微信|设备|终端|被试|受试者"
)
_KEY_ENDS = "ID|Id|id|号|号码|编号|编码|码|标识|标识符|识别码|识别号|代码|卡号|主键|UUID"
_PERSON_KEY = re.compile(
    f"(?:{_PERSON})[_ -]?(?:{_KEY_ENDS})|患者|病人|用户|会员|学号|工号|账号|帐号|手机|手机号|手机号码|姓名|化名|假名|"
    "身份证|openid|unionid|imei|imsi|idfa|oaid|msisdn|uid|userid|patient|person|customer|subject|pseudonym|member|mobile|"
    "phone(?:_number)?"
)
_FIXED = re.compile("^(?:设备|终端)(?:编号|编码|代码)$")  # the usual name of a sensor
_PERSON_WORDS = (
    "user customer member patient person student employee subject device account subscriber passenger client citizen "
    "resident participant respondent"
)
_KEY_WORDS = "id ids no number code key uuid hash token pseudonym"
_SEPARATED = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")


def words(name: str) -> list[str]:
    """The English words of a name, in small letters."""
    return [word.lower() for word in _SEPARATED.findall(name)]


def is_measure(name: str) -> bool:
    """Is it the name of something counted or measured?"""
    return bool(_MEASURE_ENDS.search(name.strip())) or _share(words(name), _MEASURES)


def known_as(name: str) -> str | None:
    """Which known quasi-identifier the name stands for, such as `age`; None for none."""
    if is_measure(name) and not re.search("岁数$", name):
        return None
    for kind, pattern in _CHINESE.items():
        if re.search(pattern, name):
            return kind
    found = words(name)
    return next((kind for kind, listed in _ENGLISH.items() if _share(found, listed)), None)


def is_person_key(name: str) -> bool:
    """Is it the name of a column that tells persons, or the devices they carry, apart (用户ID, 设备号, patient_id)?"""
    stripped = name.strip()
    if _FIXED.match(stripped):
        return False
    if _PERSON_KEY.fullmatch(stripped) or _PERSON_KEY.fullmatch(stripped.lower()):
        return True
    found = words(stripped)
    return _share(found, _PERSON_WORDS) and _share(found[-1:], _KEY_WORDS)


def _share(found: list[str], listed: str) -> bool:
    return not set(found).isdisjoint(listed.split())
