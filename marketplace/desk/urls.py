from django.urls import path

from marketplace.desk import views

app_name = "desk"
urlpatterns = [
    path("", views.home, name="home"),
    path("todo/", views.todo, name="todo"),
    path("notices/", views.notice_list, name="notices"),
    path("notices/seen/", views.notices_seen, name="notices-seen"),
    path("account/close/", views.close_account, name="account-close"),
    path("health/", views.health, name="health"),
]
